import { div, expm1, mul, neg, type Scalar, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { defineCriterion, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertPositive } from './checks.js';
import { SCALAR_REDUCTIONS } from './reduction.js';
import { labelledLoss, type SoftOptions } from './responseLoss.js';
import { softDivergence } from './softDivergence.js';
import { logSumExpOf, softened } from './softened.js';
import { weighting, weightOptions } from './weighting.js';

/** The authors' constant, so that a teacher without error is divided by something. */
const EPSILON = 1e-7;

/** `temperature` of the soft targets defaults to 2. */
export type WeightedSoftLabelsOptions = SoftOptions;

/**
 * Soft-target cross-entropy, each sample weighted by how far the student is behind the teacher there:
 * `w · T² · CE(softmax(t / T), softmax(s / T))` with `w = 1 − exp(−CE(s, y) / (CE(t, y) + 1e-7))`,
 * then reduced. The weights are constants of the tape.
 *
 * @param teacherLogits Unscaled logits, `[…batch, classes]`.
 * @param studentLogits Unscaled logits, same shape and order of classes.
 * @param labels Class numbers `[…batch]`, or one-hot `[…batch, classes]`. Samples with −1 are left out.
 * @returns Non-negative scalar; the teacher's entropy is its floor. `[…batch]` with reduction `none`.
 *   The caller owns it.
 * @throws DistillError if the shapes do not fit or `temperature` is not above 0.
 *
 * @example
 * const zeros = tensor2d([[0, 0]]);
 * weightedSoftLabelsLoss(zeros, zeros, tensor1d([0], 'int32'), { temperature: 1 }); // 0.4382 = (1 − 1/e) · log 2
 *
 * @see Zhou et al., "Rethinking Soft Labels for Knowledge Distillation: A Bias–Variance Tradeoff Perspective", https://arxiv.org/abs/2102.00650 (2021)
 */
export function weightedSoftLabelsLoss(
  teacherLogits: Tensor,
  studentLogits: Tensor,
  labels: Tensor,
  options: WeightedSoftLabelsOptions = {},
): Scalar {
  const { temperature = 2, reduction, weights } = options;
  const where = 'weightedSoftLabelsLoss';
  assertPositive({ temperature }, { where });
  const logits = [teacherLogits, studentLogits] as const;
  return labelledLoss(where, labels, logits, { reduction, weights }, (teacher, student, target) => {
    const ratio = div(logLikelihood(student, target), sub(EPSILON, logLikelihood(teacher, target)));
    const behind = neg(expm1(ratio)); // […batch, 1]
    const { value, gradient } = softDivergence(div(teacher, temperature), div(student, temperature), false);
    return {
      value: mul(mul(value, behind), temperature ** 2),
      gradient: mul(gradient, mul(behind, temperature)),
    };
  });
}

/** Logarithm of what the true class gets, `[…batch, 1]`. */
function logLikelihood(logits: Tensor, target: Tensor): Tensor {
  return sub(sum(mul(logits, target), -1, true), logSumExpOf(softened(logits)));
}

/**
 * Weighted soft labels, `type: 'wsld'`. Needs labels.
 *
 * @throws DistillError if an option is out of range.
 *
 * @example
 * weightedSoftLabels({ temperature: 2, weight: 2.5 }); // the authors' setting
 */
export const weightedSoftLabels = defineCriterion({
  type: 'wsld',
  options: z.strictObject({
    temperature: z._default(knobSchema({ above: 0 }), 2),
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    ...weightOptions(2.5),
  }),
  create: ({ temperature, reduction, ...weights }) => ({
    ...weighting(weights),
    requires: { sameOutputShape: true, labels: true },
    compute: (ctx) =>
      weightedSoftLabelsLoss(ctx.teacherOutputs.logits, ctx.studentOutputs.output, ctx.labels, {
        temperature: ctx.knob(temperature, 'temperature'),
        reduction,
        weights: ctx.batch.weights,
      }),
  }),
});
