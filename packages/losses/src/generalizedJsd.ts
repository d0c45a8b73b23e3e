import { add, mul, type Scalar, softplus, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { defineCriterion, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertBetween } from './checks.js';
import { kdLoss } from './knowledgeDistillation.js';
import { SCALAR_REDUCTIONS } from './reduction.js';
import { responseLoss, type SoftOptions } from './responseLoss.js';
import { reverseKlLoss } from './reverseKl.js';
import { logSumExpBetween, softened } from './softened.js';
import { weighting, weightOptions } from './weighting.js';
import { type ValueAndGradient } from './withGradient.js';

export interface GeneralizedJsdOptions extends SoftOptions {
  /** Between forward KL, 0, and reverse KL, 1. Default 0.5: Jensen–Shannon. */
  readonly beta?: number;
}

/**
 * Generalized Jensen–Shannon divergence, with `M = β · p + (1 − β) · q`:
 * `T² · (β · KL(p ‖ M) + (1 − β) · KL(q ‖ M))` per sample, then reduced.
 *
 * At `β = 0` it is `KL(p ‖ q)` and at `β = 1` it is `KL(q ‖ p)`: the limits of the divergence divided by
 * `β` and by `1 − β`, since the formula itself is 0 there.
 *
 * @param teacherLogits Unscaled logits, `[…batch, classes]`.
 * @param studentLogits Unscaled logits, same shape and order of classes.
 * @returns Non-negative scalar, at most `T² · log 2` for `β = 0.5`; `[…batch]` with reduction `none`.
 *   The caller owns it.
 * @throws DistillError if the shapes differ, `beta` is not within 0 and 1, or `temperature` is not above 0.
 *
 * @example
 * generalizedJsdLoss(tensor2d([[9, -9]]), tensor2d([[-9, 9]])); // 0.6931 = log 2, as far apart as can be
 *
 * @see Agarwal et al., "On-Policy Distillation of Language Models", https://arxiv.org/abs/2306.13649 (2024)
 */
export function generalizedJsdLoss(
  teacherLogits: Tensor,
  studentLogits: Tensor,
  options: GeneralizedJsdOptions = {},
): Scalar {
  const { beta = 0.5, temperature = 1 } = options;
  const where = 'generalizedJsdLoss';
  assertBetween({ beta }, [0, 1], { where });
  if (beta === 0) return kdLoss(teacherLogits, studentLogits, { ...options, temperature });
  if (beta === 1) return reverseKlLoss(teacherLogits, studentLogits, options);
  return responseLoss(where, [teacherLogits, studentLogits], options, (teacher, student) =>
    toMixture(teacher, student, beta),
  );
}

/**
 * With `x = log((1 − β) · q) − log(β · p)` it is `log M = log(β · p) + softplus(x)`. The derivative by `q`
 * is `(1 − β) · log(q / M)`.
 */
function toMixture(teacher: Tensor, student: Tensor, beta: number): ValueAndGradient {
  const [p, q] = [softened(teacher), softened(student)];
  const prior = Math.log1p(-beta) - Math.log(beta);
  const x = add(sub(student, teacher), add(logSumExpBetween(p, q), prior));
  const aboveTeacher = softplus(x); // log M − log(β · p)
  const fromTeacher = sum(mul(p.probs, aboveTeacher), -1, true);
  const excess = mul(q.probs, sub(x, aboveTeacher)); // q · (log((1 − β) · q) − log M)
  const fromStudent = sum(excess, -1, true);
  const value = sub(mul(fromStudent, 1 - beta), mul(fromTeacher, beta));
  const entropy = -beta * Math.log(beta) - (1 - beta) * Math.log1p(-beta);
  return {
    value: add(value, entropy),
    gradient: mul(sub(excess, mul(q.probs, fromStudent)), 1 - beta),
  };
}

/**
 * Distillation by a divergence between forward and reverse KL, `type: 'jsd'`.
 *
 * @throws DistillError if an option is out of range.
 *
 * @example
 * generalizedJsd({ beta: 0.1 });
 */
export const generalizedJsd = defineCriterion({
  type: 'jsd',
  options: z.strictObject({
    beta: z._default(knobSchema({ atLeast: 0, atMost: 1 }), 0.5),
    temperature: z._default(knobSchema({ above: 0 }), 1),
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    ...weightOptions(),
  }),
  create: ({ beta, temperature, reduction, ...weights }) => ({
    ...weighting(weights),
    requires: { sameOutputShape: true },
    compute: (ctx) =>
      generalizedJsdLoss(ctx.teacherOutputs.logits, ctx.studentOutputs.output, {
        beta: ctx.knob(beta, 'beta'),
        temperature: ctx.knob(temperature, 'temperature'),
        reduction,
        weights: ctx.batch.weights,
      }),
  }),
});
