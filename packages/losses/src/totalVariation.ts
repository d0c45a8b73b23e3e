import { abs, div, mul, type Scalar, sign, softmax, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { defineCriterion, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertPositive } from './checks.js';
import { SCALAR_REDUCTIONS } from './reduction.js';
import { responseLoss, type SoftOptions } from './responseLoss.js';
import { weighting, weightOptions } from './weighting.js';

/** `temperature` defaults to 1. */
export type TotalVariationOptions = SoftOptions;

/**
 * Total variation distance: `½ Σ |softmax(t / T) − softmax(s / T)|` per sample, then reduced: how much
 * probability would have to move. No `T²`, so that it stays within 0 and 1. Where both agree on a class
 * exactly, that class has no gradient.
 *
 * @param teacherLogits Unscaled logits, `[…batch, classes]`.
 * @param studentLogits Unscaled logits, same shape and order of classes.
 * @returns Scalar within 0 and 1, or `[…batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes differ or `temperature` is not above 0.
 *
 * @example
 * totalVariationLoss(tensor2d([[0, 0]]), tensor2d([[0, Math.log(3)]])); // 0.25
 *
 * @see Wen, Li, Du, Mou, "f-Divergence Minimization for Sequence-Level Knowledge Distillation", https://arxiv.org/abs/2307.15190 (2023)
 */
export function totalVariationLoss(
  teacherLogits: Tensor,
  studentLogits: Tensor,
  options: TotalVariationOptions = {},
): Scalar {
  const { temperature = 1, reduction, weights } = options;
  const where = 'totalVariationLoss';
  assertPositive({ temperature }, { where });
  const logits = [teacherLogits, studentLogits] as const;
  return responseLoss(where, logits, { reduction, weights }, (teacher, student) => {
    const probs = softmax(div(student, temperature));
    const difference = sub(probs, softmax(div(teacher, temperature)));
    const pull = mul(probs, sign(difference)); // through the softmax: q · (g − Σ q · g)
    return {
      value: mul(sum(abs(difference), -1, true), 0.5),
      gradient: mul(sub(pull, mul(probs, sum(pull, -1, true))), 0.5 / temperature),
    };
  });
}

/**
 * Distillation by total variation distance, `type: 'tvd'`.
 *
 * @throws DistillError if an option is out of range.
 *
 * @example
 * totalVariation({ weight: 2 });
 */
export const totalVariation = defineCriterion({
  type: 'tvd',
  options: z.strictObject({
    temperature: z._default(knobSchema({ above: 0 }), 1),
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    ...weightOptions(),
  }),
  create: ({ temperature, reduction, ...weights }) => ({
    ...weighting(weights),
    requires: { sameOutputShape: true },
    compute: (ctx) =>
      totalVariationLoss(ctx.teacherOutputs.logits, ctx.studentOutputs.output, {
        temperature: ctx.knob(temperature, 'temperature'),
        reduction,
        weights: ctx.batch.weights,
      }),
  }),
});
