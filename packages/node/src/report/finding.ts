import { summarize } from '@tfjs-distill/core';
import { compressionMetrics } from '../evaluation/compressionMetrics.js';
import { type RunRecord } from '../run/RunRecord.js';
import { networksOf } from './networksOf.js';
import { percent, percentSummary } from './texts.js';

/** What came out, in a sentence or two, also where distillation did not help. */
export function finding(record: RunRecord): string {
  const networks = networksOf(record);
  const accuracyOf = (name: string) => {
    const found = networks.find((network) => network.name === name);
    return found && summarize(found.evaluations.map(({ accuracy }) => accuracy));
  };
  const [teacher, alone, distilled] = ['teacher', 'alone', 'distilled'].map(accuracyOf);
  const first = [
    distilled && `Distilled, the student reaches ${percentSummary(distilled)}`,
    distilled && alone && `, ${difference(distilled.mean - alone.mean)} alone (${percentSummary(alone)})`,
    !distilled && alone && `The student alone reaches ${percentSummary(alone)}`,
    teacher && `; its teacher has ${percent(teacher.mean)}`,
    '.',
  ];
  return [first.filter(Boolean).join(''), compression(record)].filter(Boolean).join(' ');
}

function difference(share: number): string {
  return `${Math.abs(100 * share).toFixed(2)} points ${share < 0 ? 'less' : 'more'} than`;
}

function compression({ teacher, trainings }: RunRecord): string | undefined {
  const student = trainings.find(({ network }) => network === 'distilled')?.evaluation;
  if (teacher === undefined || student === undefined) return undefined;
  const { modelSizeReduction, inferenceSpeedup } = compressionMetrics(teacher, student);
  const parts = [
    modelSizeReduction !== undefined &&
      `${percent(Math.abs(modelSizeReduction), 1)} ${modelSizeReduction < 0 ? 'larger' : 'smaller'} than its teacher`,
    inferenceSpeedup !== undefined && `${inferenceSpeedup.toFixed(1)} times as fast`,
  ].filter(Boolean);
  return parts.length > 0 ? `It is ${parts.join(' and ')}.` : undefined;
}
