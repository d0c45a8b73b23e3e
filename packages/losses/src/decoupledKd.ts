import { add, mul, type Scalar, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { defineCriterion, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { bernoulliDivergence } from './bernoulliDivergence.js';
import { assertBetween, assertClasses, assertTensors } from './checks.js';
import { SCALAR_REDUCTIONS } from './reduction.js';
import { labelledLoss, type SoftOptions } from './responseLoss.js';
import { scaled } from './scaled.js';
import { type Distribution, logSumExpBetween, logSumExpOf } from './softened.js';
import { softenedOver } from './softenedOver.js';
import { weighting, weightOptions } from './weighting.js';

export interface DecoupledKdOptions extends SoftOptions {
  /** Factor of the part about the true class against all others, ≥ 0. Default 1. */
  readonly alpha?: number;
  /** Factor of the part among the other classes, ≥ 0. Default 8. */
  readonly beta?: number;
  /** `T > 0`. Default 4. */
  readonly temperature?: number;
}

/**
 * Decoupled distillation loss: `T² · (α · TCKD + β · NCKD)` per sample, then reduced. TCKD is the KL
 * divergence of "the true class or another", NCKD that among the other classes. With `α = 1` and
 * `β = 1 − p_true` of each sample it would be `kdLoss`.
 *
 * @param teacherLogits Unscaled logits, `[…batch, classes]`, at least 3 classes.
 * @param studentLogits Unscaled logits, same shape and order of classes.
 * @param labels Class numbers `[…batch]`, or one-hot `[…batch, classes]`. Samples with −1 are left out.
 * @returns Non-negative scalar, or `[…batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes do not fit, there are 2 classes, or an option is out of range.
 *
 * @example
 * const [teacher, student] = [tensor2d([[2, 1, 0]]), tensor2d([[0, 1, 2]])];
 * decoupledKdLoss(teacher, student, tensor1d([0], 'int32'), { temperature: 1, beta: 1 }); // 1.4578
 *
 * @see Zhao, Cui, Song, Qiu, Liang, "Decoupled Knowledge Distillation", https://arxiv.org/abs/2203.08679 (2022)
 */
export function decoupledKdLoss(
  teacherLogits: Tensor,
  studentLogits: Tensor,
  labels: Tensor,
  options: DecoupledKdOptions = {},
): Scalar {
  const { alpha = 1, beta = 8, temperature = 4 } = options;
  const where = 'decoupledKdLoss';
  assertTensors({ studentLogits }, { where });
  assertBetween({ alpha, beta }, [0, Infinity], { where });
  assertClasses(studentLogits, 3, { where, hint: 'One other class is no distribution: use kdLoss.' });
  const logits = [teacherLogits, studentLogits] as const;
  return labelledLoss(where, labels, logits, { ...options, temperature }, (teacher, student, target) => {
    const parts = decoupled(teacher, student, target);
    return {
      value: add(scaled(parts.own.value, alpha), scaled(parts.others.value, beta)),
      gradient: add(scaled(parts.own.gradient, alpha), scaled(parts.others.gradient, beta)),
    };
  });
}

/** Both parts per sample. With `d = z_true − logSumExp(others)` the first is a divergence of σ(d). */
function decoupled(teacher: Tensor, student: Tensor, target: Tensor) {
  const others = sub(1, target);
  const [p, q] = [softenedOver(teacher, others, target), softenedOver(student, others, target)];
  const margin = (logits: Tensor, others: Distribution) =>
    sub(sum(mul(logits, target), -1, true), logSumExpOf(others)); // […batch, 1]
  const own = bernoulliDivergence(margin(teacher, p), margin(student, q));
  const among = sum(mul(p.probs, sub(teacher, student)), -1, true);
  return {
    own: { value: own.value, gradient: mul(sub(target, q.probs), own.gradient) },
    others: {
      value: add(among, logSumExpBetween(q, p)),
      gradient: sub(q.probs, p.probs),
    },
  };
}

/**
 * Decoupled knowledge distillation, `type: 'dkd'`. Needs labels. The paper trains with the task's loss
 * at weight 1 and lets the term's weight grow over the first 20 epochs.
 *
 * @throws DistillError if an option is out of range.
 *
 * @example
 * decoupledKd({ beta: 8, weight: { type: 'warm-up', to: 1, part: 20 / 240 } }); // 240 epochs
 */
export const decoupledKd = defineCriterion({
  type: 'dkd',
  options: z.strictObject({
    alpha: z._default(knobSchema({ atLeast: 0 }), 1),
    beta: z._default(knobSchema({ atLeast: 0 }), 8),
    temperature: z._default(knobSchema({ above: 0 }), 4),
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    ...weightOptions(),
  }),
  create: ({ alpha, beta, temperature, reduction, ...weights }) => ({
    ...weighting(weights),
    requires: { sameOutputShape: true, labels: true },
    compute: (ctx) =>
      decoupledKdLoss(ctx.teacherOutputs.logits, ctx.studentOutputs.output, ctx.labels, {
        alpha: ctx.knob(alpha, 'alpha'),
        beta: ctx.knob(beta, 'beta'),
        temperature: ctx.knob(temperature, 'temperature'),
        reduction,
        weights: ctx.batch.weights,
      }),
  }),
});
