import { type Evaluation } from '../evaluation/Evaluation.js';
import { type RunRecord } from '../run/RunRecord.js';

export type NetworkName = 'teacher' | 'alone' | 'distilled';

/** One kind of network of a run, with one evaluation a seed. */
export interface Network {
  readonly name: NetworkName;
  readonly label: string;
  readonly evaluations: readonly Evaluation[];
}

export const LABELS: Readonly<Record<NetworkName, string>> = {
  teacher: 'teacher',
  alone: 'student alone',
  distilled: 'student distilled',
};

/** What a run is about, in the order of its tables: those that it has of teacher, student alone, student distilled. */
export function networksOf({ teacher, trainings }: RunRecord): Network[] {
  const of = (network: 'alone' | 'distilled') =>
    trainings.filter((training) => training.network === network).map(({ evaluation }) => evaluation);
  const all: Network[] = [
    { name: 'teacher', label: LABELS.teacher, evaluations: teacher === undefined ? [] : [teacher] },
    { name: 'alone', label: LABELS.alone, evaluations: of('alone') },
    { name: 'distilled', label: LABELS.distilled, evaluations: of('distilled') },
  ];
  return all.filter(({ evaluations }) => evaluations.length > 0);
}
