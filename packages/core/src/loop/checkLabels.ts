import { type Tensor } from '@tensorflow/tfjs-core';
import { DistillError } from '../errors.js';
import { classCount, type ModelSignature } from '../models/ModelSignature.js';
import { type Data } from './Data.js';

/**
 * Refuses class numbers that the student does not have, before training: one-hot coding would turn
 * them into no label at all. −1 is allowed and means unlabelled.
 */
export async function checkLabels(data: Data, student: ModelSignature): Promise<void> {
  const { y: labels } = data as { readonly y?: Tensor };
  const classes = classCount(student);
  const rank = student.output?.length;
  if (labels === undefined || classes === undefined || labels.rank === rank) return;
  const values = await labels.data();
  const bad = values.findIndex(
    (value: number) => !(Number.isInteger(value) && value >= -1 && value < classes),
  );
  if (bad < 0) return;
  throw new DistillError(
    'DATA',
    `Expected labels to be class numbers 0 to ${classes - 1}, got ${values[bad]} at position ${bad}.`,
    {
      where: 'fit',
      hint: 'Use −1 for a sample without a label.',
    },
  );
}
