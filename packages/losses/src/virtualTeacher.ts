import { add, mul, type Scalar, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { defineCriterion, expected, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertClasses, assertTensors } from './checks.js';
import { SCALAR_REDUCTIONS } from './reduction.js';
import { labelledLoss, type SoftOptions } from './responseLoss.js';
import { logSumExpOf, softened } from './softened.js';
import { weighting, weightOptions } from './weighting.js';

export interface VirtualTeacherOptions extends SoftOptions {
  /** What the teacher gives to the true class, above 1 / classes and below 1. Default 0.99; `temperature` 20. */
  readonly correctProbability?: number;
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
  assertTensors({ studentLogits }, { where });
  assertClasses(studentLogits, 2, { where });
  const classes = studentLogits.shape.at(-1) ?? 2;
  if (!(correctProbability > 1 / classes && correctProbability < 1)) {
    throw expected('correctProbability', `above 1/${classes} and below 1`, correctProbability, { where });
  }
  const soft = softTargets(correctProbability, temperature, classes);
  const logits = [studentLogits, studentLogits] as const; // no teacher to read
  return labelledLoss(where, labels, logits, { ...options, temperature }, (_, student, target) => {
    const q = softened(student);
    // Σ p · log q, where p is `other` but for the true class
    const own = mul(sum(mul(student, target), -1, true), soft.own - soft.other);
    const cross = add(own, mul(sum(student, -1, true), soft.other));
    return {
      value: add(sub(logSumExpOf(q), cross), soft.negativeEntropy),
      gradient: sub(q.probs, add(mul(target, soft.own - soft.other), soft.other)),
    };
  });
}

/** The virtual teacher at a temperature: what it gives to the true class and to each other one. */
function softTargets(correctProbability: number, temperature: number, classes: number) {
  const [correct, each] = [correctProbability, (1 - correctProbability) / (classes - 1)].map(
    (probability) => probability ** (1 / temperature),
  ) as [number, number];
  const total = correct + (classes - 1) * each;
  const [own, other] = [correct / total, each / total];
  return { own, other, negativeEntropy: own * Math.log(own) + (classes - 1) * other * Math.log(other) };
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
