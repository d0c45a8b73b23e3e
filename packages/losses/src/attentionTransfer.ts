import {
  abs,
  div,
  expandDims,
  maximum,
  mean,
  mul,
  pow,
  type Scalar,
  sign,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { defineCriterion } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertFeatures } from './assertFeatures.js';
import { assertPositive } from './checks.js';
import { featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { matchSizes } from './matchSizes.js';
import { normalized, throughNorm } from './normalized.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { positionsOf } from './samples.js';
import { sampleWeights } from './sampleWeights.js';
import { withGradient } from './withGradient.js';

export interface AttentionTransferOptions extends ReduceOptions {
  /**
   * `code`: squared difference of the attention maps, as published by the authors.
   * `paper`: half the norm of the difference, as printed. Default `code`.
   */
  readonly variant?: 'code' | 'paper';
  /** `p > 0` of `|f|^p`. Default 2. */
  readonly power?: number;
}

/** The least distance of `paper`, whose slope is infinite at 0. */
const FLOOR = 1e-6;

/**
 * Attention transfer: maps of where a layer is active, `a(f) = m / ‖m‖₂` with `m = mean_c |f|^p` over
 * the channels, compared by `Σ (a_s − a_t)²` (`code`, ÷ positions) or `½ ‖a_s − a_t‖₂` (`paper`).
 *
 * Channels may differ. The larger map is average-pooled to the smaller. Whether channels are summed
 * or averaged is all one after the division by the norm.
 *
 * @param teacherFeatures Maps `[batch, height, width, channels]` or sequences `[batch, time, channels]`.
 * @param studentFeatures Likewise; size and channels of its own.
 * @param options `reduction` defaults to `mean`: over samples, with `code` over positions too.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`; `paper` has the floor 5e-7. The caller owns it.
 * @throws DistillError if the ranks or the numbers of samples differ or `power` is not above 0.
 *
 * @example
 * const [t, s] = [tensor4d([3, 4], [1, 1, 2, 1]), tensor4d([4, 3], [1, 1, 2, 1])];
 * attentionTransferLoss(t, s); // ((16 − 9) / √337)² = 0.1454
 *
 * @see Zagoruyko, Komodakis, "Paying More Attention to Attention", https://arxiv.org/abs/1612.03928 (2017)
 */
export function attentionTransferLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  { variant = 'code', power = 2, reduction = 'mean', weights }: AttentionTransferOptions = {},
): Scalar {
  const rule = { rank: 3, same: 'samples', where: 'attentionTransferLoss' } as const;
  assertFeatures({ teacherFeatures, studentFeatures }, weights, rule);
  assertPositive({ power }, { where: rule.where });
  return tidy(() => {
    const features = matchSizes(teacherFeatures, studentFeatures);
    return featureLoss(rule, features, { reduction, weights }, (teacher, student) => {
      const wanted = normalized(meanPower(positionsOf(teacher), power)).unit;
      const [, positions = 1] = wanted.shape;
      const values = compare(wanted, positionsOf(student), power, variant);
      return { values, entries: variant === 'code' ? positions : 1 };
    });
  });
}

/** One value per sample, from the teacher's attention `[batch, positions]` and the student's `[batch, positions, channels]`. */
function compare(wanted: Tensor, student: Tensor, power: number, variant: 'code' | 'paper'): Tensor {
  return withGradient(student, (features) => {
    const attention = normalized(meanPower(features, power));
    const difference = sub(attention.unit, wanted);
    const squared = sum(square(difference), 1);
    const distance = maximum(sqrt(squared), FLOOR);
    const value = variant === 'code' ? squared : mul(distance, 0.5);
    const slope = variant === 'code' ? mul(difference, 2) : div(difference, mul(expandDims(distance, 1), 2));
    const scale = mul(throughNorm(slope, attention), power / (features.shape[2] ?? 1));
    return { value, gradient: mul(expandDims(scale, 2), derivative(features, power)) };
  });
}

/** `mean_c |f|^p`, `[batch, positions]`. */
function meanPower(features: Tensor, power: number): Tensor {
  return mean(power === 2 ? square(features) : pow(abs(features), power), 2);
}

/** `|f|^(p − 1) · sign f`. */
function derivative(features: Tensor, power: number): Tensor {
  if (power === 2) return features;
  return mul(pow(maximum(abs(features), 1e-12), power - 1), sign(features));
}

/**
 * Attention transfer, `type: 'at'`: summed over the pairs of layers, usually the ends of all stages.
 *
 * @throws DistillError if a layer is missing or the lists of layers are of different length.
 *
 * @example
 * attentionTransfer({ student: ['stage1', 'stage2'], teacher: ['stage1', 'stage2'] }); // weight 1000
 */
export const attentionTransfer = defineCriterion({
  type: 'at',
  options: z
    .strictObject({
      ...featureOptions(1000),
      variant: z._default(z.enum(['code', 'paper']), 'code'),
      power: z._default(z.number().check(z.gt(0)), 2),
      reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'mean'),
    })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { variant, power, reduction } = options;
    return overPairs(options, (teacher, student, { batch }) =>
      attentionTransferLoss(teacher, student, {
        variant,
        power,
        reduction,
        weights: sampleWeights(batch.weights),
      }),
    );
  },
});
