import { add, mul, type Scalar, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { defineCriterion, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { SCALAR_REDUCTIONS } from './reduction.js';
import { responseLoss, type SoftOptions } from './responseLoss.js';
import { logSumExpBetween, softened } from './softened.js';
import { weighting, weightOptions } from './weighting.js';

/** `temperature` defaults to 1, as in the paper. */
export type ReverseKlOptions = SoftOptions;

/**
 * Reverse KL divergence: `T² · KL(softmax(s / T) ‖ softmax(t / T))` per sample, then reduced. The
 * student is drawn to one of the teacher's modes rather than over all of them.
 *
 * @param teacherLogits Unscaled logits, `[…batch, classes]`.
 * @param studentLogits Unscaled logits, same shape and order of classes.
 * @returns Non-negative scalar, or `[…batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes differ or `temperature` is not above 0.
 *
 * @example
 * reverseKlLoss(tensor2d([[0, 0]]), tensor2d([[0, Math.log(3)]])); // 0.1308 = log 2 − 0.5623
 *
 * @see Gu, Dong, Wei, Huang, "MiniLLM: Knowledge Distillation of Large Language Models", https://arxiv.org/abs/2306.08543 (2023)
 */
export function reverseKlLoss(
  teacherLogits: Tensor,
  studentLogits: Tensor,
  options: ReverseKlOptions = {},
): Scalar {
  return responseLoss('reverseKlLoss', [teacherLogits, studentLogits], options, (teacher, student) => {
    const [p, q] = [softened(teacher), softened(student)];
    const excess = sub(student, teacher);
    const expected = sum(mul(q.probs, excess), -1, true);
    return {
      value: add(expected, logSumExpBetween(p, q)),
      gradient: mul(q.probs, sub(excess, expected)),
    };
  });
}

/**
 * Distillation by reverse KL, `type: 'reverse-kl'`.
 *
 * @throws DistillError if an option is out of range.
 *
 * @example
 * reverseKl({ temperature: 2, weight: 0.5 });
 */
export const reverseKl = defineCriterion({
  type: 'reverse-kl',
  options: z.strictObject({
    temperature: z._default(knobSchema({ above: 0 }), 1),
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    ...weightOptions(),
  }),
  create: ({ temperature, reduction, ...weights }) => ({
    ...weighting(weights),
    requires: { sameOutputShape: true },
    compute: (ctx) =>
      reverseKlLoss(ctx.teacherOutputs.logits, ctx.studentOutputs.output, {
        temperature: ctx.knob(temperature, 'temperature'),
        reduction,
        weights: ctx.batch.weights,
      }),
  }),
});
