import { add, mul, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { defineCriterion, expected, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertClasses, assertLogits } from './checks.js';
import { kdLoss } from './knowledgeDistillation.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { targetsOf } from './targets.js';
import { weighting, weightOptions } from './weighting.js';

export interface VirtualTeacherOptions extends ReduceOptions {
  /** What the teacher gives to the true class, above 1 / classes and below 1. Default 0.99. */
  readonly correctProbability?: number;
  /** `T > 0`. Default 20. */
  readonly temperature?: number;
}

/**
 * Distillation from a teacher that exists on paper only: it gives `a` to the true class and
 * `(1 − a) / (classes − 1)` to each other. The loss is `kdLoss` from its log-probabilities.
 *
 * @param studentLogits Unscaled logits, `[…batch, classes]`.
 * @param labels Class numbers `[…batch]`, or one-hot `[…batch, classes]`. Samples with −1 are left out.
 * @returns Non-negative scalar, or `[…batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes do not fit or an option is out of range.
 *
 * @example
 * const labels = tensor1d([0], 'int32');
 * virtualTeacherLoss(tensor2d([[0, 0]]), labels, { correctProbability: 0.9, temperature: 1 }); // 0.3681
 *
 * @see Yuan, Tay, Li, Wang, Feng, "Revisiting Knowledge Distillation via Label Smoothing Regularization", https://arxiv.org/abs/1909.11723 (2020)
 */
export function virtualTeacherLoss(
  studentLogits: Tensor,
  labels: Tensor,
  options: VirtualTeacherOptions = {},
): Scalar {
  const { correctProbability = 0.99, temperature = 20 } = options;
  const where = 'virtualTeacherLoss';
  assertLogits({ studentLogits }, options.weights, where);
  assertClasses(studentLogits, 2, { where });
  const classes = studentLogits.shape.at(-1) ?? 2;
  if (!(correctProbability > 1 / classes && correctProbability < 1)) {
    throw expected('correctProbability', `above 1/${classes} and below 1`, correctProbability, { where });
  }
  const other = Math.log((1 - correctProbability) / (classes - 1));
  return tidy(() => {
    const { mask, weights } = targetsOf(labels, studentLogits, options.weights, where);
    const teacherLogits = add(mul(mask, Math.log(correctProbability) - other), other);
    return kdLoss(teacherLogits, studentLogits, { ...options, weights, temperature });
  });
}

/**
 * Teacher-free distillation, `type: 'tf-kd'`. Needs labels and no teacher.
 *
 * @throws DistillError if an option is out of range.
 *
 * @example
 * virtualTeacher({ correctProbability: 0.99, temperature: 20, weight: 0.1 });
 */
export const virtualTeacher = defineCriterion({
  type: 'tf-kd',
  options: z.strictObject({
    correctProbability: z._default(knobSchema({ above: 0 }), 0.99),
    temperature: z._default(knobSchema({ above: 0 }), 20),
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    ...weightOptions(),
  }),
  create: ({ correctProbability, temperature, reduction, ...weights }) => ({
    ...weighting(weights),
    requires: { teacher: false, labels: true },
    compute: (ctx) =>
      virtualTeacherLoss(ctx.studentOutputs.output, ctx.labels, {
        correctProbability: ctx.knob(correctProbability, 'correctProbability'),
        temperature: ctx.knob(temperature, 'temperature'),
        reduction,
        weights: ctx.batch.weights,
      }),
  }),
});
