import { type Evaluation, type RunRecord, type TrainingRecord } from '@tfjs-distill/node';
import { type Results } from './results.js';
import { type CurvePoint } from './train.js';

/** What `distill run` writes of its runs: the report draws it, `distill compare` reads it. */
export function runRecord(
  { engine, settings, seconds, node, date }: Results,
  fingerprint: string,
  teacher: Evaluation,
  trainings: readonly TrainingRecord[],
): RunRecord {
  return {
    format: 'tfjs-distill.run.1',
    name: 'Distilling MNIST',
    config: { ...settings },
    engine,
    versions: { node },
    fingerprint,
    started: date,
    seconds,
    classNames: teacher.classes.map(({ name }) => name),
    teacher,
    trainings,
  };
}

/** A point of a curve as a row of a history. */
export function historyRow({ epoch, loss, accuracy }: CurvePoint): Record<string, number> {
  return { epoch, loss, val_accuracy: accuracy };
}
