import {
  add,
  squeeze,
  div,
  exp,
  log,
  max,
  mul,
  type Scalar,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { defineCriterion, featureAdapters, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertPositive } from './checks.js';
import { adapterOptions, featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { type ReduceOptions } from './reduction.js';
import { positionsOf } from './samples.js';
import { sampleWeights } from './sampleWeights.js';
import { withGradient } from './withGradient.js';

export interface ChannelWiseOptions extends ReduceOptions {
  /** `T > 0`; the higher, the more of the map counts. Default 4. */
  readonly temperature?: number;
}

/**
 * Channel-wise distillation: each channel's map becomes a distribution over positions, and
 *
 * `T² / channels · Σ_c KL(softmax(t_c / T) ‖ softmax(s_c / T))`
 *
 * per sample, then reduced. For maps of features or of logits.
 *
 * @param teacherFeatures `[batch, …sizes, channels]`.
 * @param studentFeatures Same shape.
 * @param options `weights` are `[batch]`.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes differ, or `temperature` is not above 0.
 *
 * @example
 * const [t, s] = [tensor3d([[[0], [2]]]), tensor3d([[[2], [0]]])]; // one channel of two positions
 * channelWiseLoss(t, s, { temperature: 1 }); // 1.5232
 *
 * @see Shu et al., "Channel-wise Knowledge Distillation for Dense Prediction", https://arxiv.org/abs/2011.13256 (2021)
 */
export function channelWiseLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  { temperature = 4, ...options }: ChannelWiseOptions = {},
): Scalar {
  const rule = { rank: 3, same: 'shape', where: 'channelWiseLoss' } as const;
  assertPositive({ temperature }, { where: rule.where });
  return featureLoss(rule, [teacherFeatures, studentFeatures], options, (teacher, student) => {
    const channels = student.shape.at(-1) ?? 1;
    const divergence = withGradient(positionsOf(student), (x) => {
      const theirs = softmaxOfPositions(positionsOf(teacher), temperature);
      const ours = softmaxOfPositions(x, temperature);
      const gaps = sum(mul(theirs.probs, sub(theirs.shifted, ours.shifted)), 1);
      const value = mul(sum(add(gaps, sub(ours.logTotal, theirs.logTotal)), 1), temperature);
      return { value, gradient: sub(ours.probs, theirs.probs) };
    });
    const values = mul(divergence, temperature / channels);
    return { values, entries: 1 };
  });
}

interface PositionSoftmax {
  /** `[batch, positions, channels]`. */
  readonly probs: Tensor;
  /** `x / T` less its maximum: `log probs = shifted − logTotal`. */
  readonly shifted: Tensor;
  /** `[batch, channels]`. */
  readonly logTotal: Tensor;
}

/** Softmax over the positions of `[batch, positions, channels]`; tfjs has one over the last axis alone. */
function softmaxOfPositions(x: Tensor, temperature: number): PositionSoftmax {
  const soft = div(x, temperature);
  const shifted = sub(soft, max(soft, 1, true));
  const powers = exp(shifted);
  const total = sum(powers, 1, true);
  return { probs: div(powers, total), shifted, logTotal: squeeze(log(total), [1]) };
}

/**
 * Channel-wise distillation, `type: 'cwd'`: summed over the pairs of layers. The temperature takes a number
 * or a schedule.
 *
 * The paper's weights are 50 for features and 3 for maps of logits.
 *
 * @throws DistillError if a layer is missing or the adapter cannot match the shapes.
 *
 * @example
 * channelWise({ student: 'logits', teacher: 'logits', weight: 3 });
 */
export const channelWise = defineCriterion({
  type: 'cwd',
  options: z
    .strictObject({
      ...featureOptions(50),
      ...adapterOptions(),
      temperature: z._default(knobSchema({ above: 0 }), 4),
      reduction: z._default(z.enum(['batchMean', 'sum']), 'batchMean'),
    })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { adapter: kind, seed, temperature, reduction } = options;
    return overPairs(
      options,
      (teacher, student, ctx) =>
        channelWiseLoss(teacher, student, {
          temperature: ctx.knob(temperature, 'temperature'),
          reduction,
          weights: sampleWeights(ctx.batch.weights),
        }),
      { parts: featureAdapters('cwd', options, { kind, seed }) },
    );
  },
});
