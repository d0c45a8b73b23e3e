import {
  add,
  argMax,
  cast,
  equal,
  greaterEqual,
  keep,
  mul,
  stack,
  sum,
  type Tensor,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { type Batch } from '../Batch.js';
import { type Logs } from '../context.js';
import { DistillError } from '../errors.js';
import { checkInput } from '../models/checkInput.js';
import { type Student } from '../student/Student.js';
import { type TaskLoss } from '../taskLoss.js';
import { batchSource, type BatchOptions } from './batches.js';
import { type Data } from './Data.js';

export type EvaluateOptions = Pick<BatchOptions, 'batchSize'>;

/**
 * Loss and accuracy of a student in inference mode, summed on the device and read once.
 *
 * @returns `{ loss, accuracy }` over the labelled samples: mean task loss, and the share whose highest
 *   logit is the label.
 * @throws DistillError if a batch has no labels, or no sample is labelled.
 */
export async function evaluate(
  student: Student,
  taskLoss: TaskLoss,
  data: Data,
  { batchSize: size = 256 }: EvaluateOptions = {},
): Promise<Logs> {
  let totals = keep(zeros([3]));
  try {
    for await (const { batch, free } of batchSource(data, { batchSize: size }).epoch(0)) {
      const before = totals;
      try {
        totals = tidy(() => keep(add(before, sumsOf(student, taskLoss, batch))));
        before.dispose();
      } finally {
        free();
      }
    }
    const [loss = NaN, correct = NaN, labelled = 0] = await totals.data();
    if (labelled === 0)
      throw new DistillError('DATA', 'The data set has no labelled samples.', { where: 'evaluate' });
    return { loss: loss / labelled, accuracy: correct / labelled };
  } finally {
    totals.dispose();
  }
}

/** Summed loss, correct samples, labelled samples. */
function sumsOf(student: Student, taskLoss: TaskLoss, { x, y }: Batch): Tensor {
  if (y === undefined) throw new DistillError('DATA', 'A batch has no labels.', { where: 'evaluate' });
  checkInput(x, student.signature, 'student');
  const { output } = student.forward(x, { training: false });
  const truth = cast(y.rank === output.rank ? argMax(y, -1) : y, 'int32');
  const labelled = sum(cast(greaterEqual(truth, 0), 'float32'));
  const correct = sum(cast(equal(argMax(output, -1), truth), 'float32'));
  return stack([mul(taskLoss(y, output), labelled), correct, labelled]);
}
