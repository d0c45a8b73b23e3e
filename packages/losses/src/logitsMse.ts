import { mean, mul, type Scalar, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { defineCriterion } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { responseLoss } from './responseLoss.js';
import { weighting, weightOptions } from './weighting.js';

export interface LogitsMseOptions extends ReduceOptions {
  /** Compare logits less their mean over the classes, which no softmax can see. Default false. */
  readonly centred?: boolean;
}

/**
 * Squared difference of logits: `Σ (s − t)²` per sample, then reduced, by default to the mean over
 * samples and classes.
 *
 * Soft targets tend to it as the temperature grows: `kdLoss → logitsMse / 2`, with `centred` and the
 * default reduction.
 *
 * @param teacherLogits Unscaled logits, `[…batch, classes]`.
 * @param studentLogits Unscaled logits, same shape and order of classes.
 * @param options `reduction` defaults to `mean` here, as in every peer.
 * @returns Non-negative scalar, or `[…batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes differ.
 *
 * @example
 * logitsMseLoss(tensor2d([[0, 2]]), tensor2d([[2, 2]])); // 2
 * logitsMseLoss(tensor2d([[0, 2]]), tensor2d([[2, 2]]), { centred: true }); // 1
 *
 * @see Ba, Caruana, "Do Deep Nets Really Need to be Deep?", https://arxiv.org/abs/1312.6184 (2014)
 */
export function logitsMseLoss(
  teacherLogits: Tensor,
  studentLogits: Tensor,
  options: LogitsMseOptions = {},
): Scalar {
  const { centred = false, reduction = 'mean', weights } = options;
  const logits = [teacherLogits, studentLogits] as const;
  return responseLoss('logitsMseLoss', logits, { reduction, weights }, (teacher, student) => {
    const raw = sub(student, teacher);
    const difference = centred ? sub(raw, mean(raw, -1, true)) : raw; // centring commutes with it
    return { value: sum(square(difference), -1, true), gradient: mul(difference, 2) };
  });
}

/**
 * Regression of the teacher's logits, `type: 'logits-mse'`.
 *
 * @throws DistillError if an option is out of range.
 *
 * @example
 * logitsMse({ centred: true, weight: 0.5 });
 */
export const logitsMse = defineCriterion({
  type: 'logits-mse',
  options: z.strictObject({
    centred: z._default(z.boolean(), false),
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'mean'),
    ...weightOptions(),
  }),
  create: ({ centred, reduction, ...weights }) => ({
    ...weighting(weights),
    requires: { sameOutputShape: true },
    compute: ({ teacherOutputs, studentOutputs, batch }) =>
      logitsMseLoss(teacherOutputs.logits, studentOutputs.output, {
        centred,
        reduction,
        weights: batch.weights,
      }),
  }),
});
