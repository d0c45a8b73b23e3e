import { join } from 'node:path';
import { DistillError } from '@tfjs-distill/core';
import { RunFolder } from '../run/RunFolder.js';
import { type RunRecord, type TrainingRecord } from '../run/RunRecord.js';

/** A model's place and, where it is a run's, what the run says of it. */
export interface FoundStudent {
  readonly model: string;
  readonly record?: RunRecord;
  readonly training?: TrainingRecord;
}

/**
 * The model that a path means: a run's distilled student of the first seed, or the model that lies there itself.
 *
 * @throws DistillError `DATA` for a run without a distilled student.
 */
export async function studentOf(path: string): Promise<FoundStudent> {
  const folder = new RunFolder(path);
  const record = await folder.record();
  if (record === undefined) return { model: path };
  const training = record.trainings.find(({ network }) => network === 'distilled');
  if (training === undefined)
    throw new DistillError('DATA', 'This run has no distilled student.', { where: path });
  return { model: join(folder.folderOf(training), 'model'), record, training };
}
