import { add, div, matMul, mul, type Scalar, square, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { defineCriterion } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertFeatures } from './assertFeatures.js';
import { featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { matchSizes } from './matchSizes.js';
import { normalized, throughNorm } from './normalized.js';
import { type ReduceOptions } from './reduction.js';
import { positionsOf, sumSamples } from './samples.js';
import { sampleWeights } from './sampleWeights.js';
import { withGradient } from './withGradient.js';

/**
 * Neuron selectivity transfer: the squared maximum mean discrepancy between the two sides' channels, each
 * channel's map `a` of unit length being one sample, under the kernel `k(a, b) = (aᵀb)²`:
 *
 * `mean k(t, t) + mean k(s, s) − 2 mean k(s, t)`
 *
 * That equals `‖A_s − A_t‖²_F` with `A = Σ a aᵀ / channels`, which is never negative and exactly 0 for equal
 * features. It is computed that way where positions are fewer than channels, else by the kernel, so that
 * memory is `batch · min(positions, channels)²`.
 *
 * Channels may differ. The larger map is average-pooled to the smaller.
 *
 * @param teacherFeatures Maps `[batch, height, width, channels]` or sequences `[batch, time, channels]`.
 * @param studentFeatures Likewise; size and channels of its own.
 * @param options `weights` are `[batch]`.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the ranks or the numbers of samples differ.
 *
 * @example
 * const [t, s] = [tensor3d([[[3], [4]]]), tensor3d([[[1], [0]]])]; // one channel of two positions
 * neuronSelectivityLoss(t, s); // 1 + 1 − 2 · (3/5)² = 1.28
 *
 * @see Huang, Wang, "Like What You Like: Knowledge Distill via Neuron Selectivity Transfer", https://arxiv.org/abs/1707.01219 (2017)
 */
export function neuronSelectivityLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  options: ReduceOptions = {},
): Scalar {
  const rule = { rank: 3, same: 'samples', where: 'neuronSelectivityLoss' } as const;
  assertFeatures({ teacherFeatures, studentFeatures }, options.weights, rule);
  return tidy(() => {
    const features = matchSizes(teacherFeatures, studentFeatures);
    return featureLoss(rule, features, options, (teacher, student) => {
      const [theirs, ours] = [positionsOf(teacher), positionsOf(student)];
      const [, positions = 1, channels = 1] = ours.shape;
      const compare = positions <= Math.max(channels, theirs.shape[2] ?? 1) ? byPositions : byChannels;
      const values = withGradient(ours, (x) => {
        const maps = normalized(x); // each channel's map has unit length
        const { value, slope } = compare(normalized(theirs).unit, maps.unit);
        return { value, gradient: throughNorm(slope, maps) };
      });
      return { values, entries: 1 };
    });
  });
}

interface Comparison {
  /** `[batch]`. */
  readonly value: Tensor;
  /** With respect to the student's unit maps. */
  readonly slope: Tensor;
}

/** By the second moments of the positions, `[batch, positions, positions]`. */
function byPositions(teacher: Tensor, student: Tensor): Comparison {
  const moments = (x: Tensor) => div(matMul(x, x, false, true), x.shape[2] ?? 1);
  const difference = sub(moments(student), moments(teacher));
  return {
    value: sumSamples(square(difference)),
    slope: mul(matMul(difference, student), 4 / (student.shape[2] ?? 1)),
  };
}

/** By the kernel's values, `[batch, channels, channels]`. */
function byChannels(teacher: Tensor, student: Tensor): Comparison {
  const products = (a: Tensor, b: Tensor) => matMul(a, b, true, false);
  const meanSquare = (x: Tensor) => div(sumSamples(square(x)), (x.shape[1] ?? 1) * (x.shape[2] ?? 1));
  const [own, cross, theirs] = [
    products(student, student),
    products(teacher, student), // [batch, teacher's channels, student's channels]
    products(teacher, teacher),
  ];
  const [, theirChannels = 1, channels = 1] = cross.shape;
  return {
    value: sub(add(meanSquare(own), meanSquare(theirs)), mul(meanSquare(cross), 2)),
    slope: sub(
      mul(matMul(student, own), 4 / channels ** 2),
      mul(matMul(teacher, cross), 4 / (theirChannels * channels)),
    ),
  };
}

/**
 * Neuron selectivity transfer, `type: 'nst'`: summed over the pairs of layers, usually the ends of all stages.
 *
 * @throws DistillError if a layer is missing or the lists of layers are of different length.
 *
 * @example
 * neuronSelectivity({ student: ['stage1', 'stage2'], teacher: ['stage1', 'stage2'] }); // weight 50
 */
export const neuronSelectivity = defineCriterion({
  type: 'nst',
  options: z
    .strictObject({ ...featureOptions(50), reduction: z._default(z.enum(['batchMean', 'sum']), 'batchMean') })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) =>
    overPairs(options, (teacher, student, { batch }) =>
      neuronSelectivityLoss(teacher, student, {
        reduction: options.reduction,
        weights: sampleWeights(batch.weights),
      }),
    ),
});
