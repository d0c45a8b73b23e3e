import {
  add,
  cast,
  greater,
  matMul,
  maximum,
  mul,
  rsqrt,
  type Scalar,
  square,
  sub,
  sum,
  type Tensor,
  transpose,
} from '@tensorflow/tfjs-core';
import { defineCriterion, featureAdapters, shapeMismatch } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { adapterOptions, featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { positionsOf, sumSamples } from './samples.js';
import { sampleWeights } from './sampleWeights.js';
import { withGradient } from './withGradient.js';

const SMALLEST = 1e-24;

/**
 * Inter-channel correlation: `‖Ĝ_s − Ĝ_t‖²_F / channels` per sample, then reduced. `G = Fᵀ F` says which channels
 * fire together, `F` having one position a row; each row of `Ĝ` is divided by its L2 norm.
 *
 * The sizes of the maps may differ. A channel that is 0 everywhere has no direction: its row is 0 and
 * gets no gradient. The authors' code for CIFAR; that for ImageNet divides by the batch once more.
 *
 * @param teacherFeatures `[batch, …sizes, channels]`.
 * @param studentFeatures As many channels.
 * @param options `weights` are `[batch]`.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if channels or samples differ; it says what mends that.
 *
 * @example
 * const [t, s] = [tensor3d([[[1, 0], [0, 1]]]), tensor3d([[[1, 1], [1, 1]]])]; // never and always together
 * interChannelCorrelationLoss(t, s); // 2 · ((1 − 1/√2)² + ½) / 2 = 0.5858
 *
 * @see Liu et al., "Exploring Inter-Channel Correlation for Diversity-preserved Knowledge Distillation", https://arxiv.org/abs/2202.03680 (2021)
 */
export function interChannelCorrelationLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  options: ReduceOptions = {},
): Scalar {
  const rule = { rank: 3, same: 'samples', where: 'interChannelCorrelationLoss' } as const;
  return featureLoss(rule, [teacherFeatures, studentFeatures], options, (teacher, student) => {
    const channels = sameChannels(teacher, student, rule.where);
    const values = withGradient(positionsOf(student), (x) => {
      const { rows, scale } = correlations(x);
      const difference = sub(rows, correlations(positionsOf(teacher)).rows);
      const slope = mul(difference, 2 / channels);
      const tangent = mul(sub(slope, mul(rows, sum(mul(rows, slope), 2, true))), scale);
      return {
        value: mul(sumSamples(square(difference)), 1 / channels),
        gradient: matMul(x, add(tangent, transpose(tangent, [0, 2, 1]))), // x enters G on both sides
      };
    });
    return { values, entries: channels };
  });
}

/** `Ĝ`, `[batch, channels, channels]`, and what its rows were multiplied by, 0 for those without a length. */
function correlations(x: Tensor): { readonly rows: Tensor; readonly scale: Tensor } {
  const gram = matMul(x, x, true, false);
  const squares = sum(square(gram), 2, true);
  const scale = mul(cast(greater(squares, SMALLEST), 'float32'), rsqrt(maximum(squares, SMALLEST)));
  return { rows: mul(gram, scale), scale };
}

function sameChannels(teacherFeatures: Tensor, studentFeatures: Tensor, where: string): number {
  const [theirs, ours] = [teacherFeatures.shape.at(-1), studentFeatures.shape.at(-1)];
  if (theirs === ours) return ours ?? 1;
  const shapes = { teacherFeatures: teacherFeatures.shape, studentFeatures: studentFeatures.shape };
  throw shapeMismatch('features of as many channels', shapes, {
    where,
    hint: `A 1×1 convolution ${ours} → ${theirs} mends it; the criterion does it where \`adapter\` is 'auto' or 'conv1x1'.`,
  });
}

/**
 * Inter-channel correlation (ICKD), `type: 'ickd'`: summed over the pairs of layers, usually the last maps. A
 * learned 1×1 convolution comes before the student's correlations, as in the authors' code.
 *
 * @throws DistillError if a layer is missing.
 *
 * @example
 * interChannelCorrelation({ student: 'stage3', teacher: 'stage3' }); // weight 2.5, adapter 'conv1x1'
 */
export const interChannelCorrelation = defineCriterion({
  type: 'ickd',
  options: z
    .strictObject({
      ...featureOptions(2.5),
      ...adapterOptions('conv1x1'),
      reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { adapter: kind, seed, reduction } = options;
    return overPairs(
      options,
      (teacher, student, { batch }) =>
        interChannelCorrelationLoss(teacher, student, { reduction, weights: sampleWeights(batch.weights) }),
      { parts: featureAdapters('ickd', options, { kind, seed, keepSizes: true }) },
    );
  },
});
