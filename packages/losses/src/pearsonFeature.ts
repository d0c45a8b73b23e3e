import {
  add,
  cast,
  div,
  greater,
  maximum,
  mul,
  type Scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { defineCriterion, featureAdapters } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { channelMoments } from './channelMoments.js';
import { adapterOptions, featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { noGrad } from './noGrad.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { entriesOf, sumSamples } from './samples.js';
import { sampleWeights } from './sampleWeights.js';

const EPSILON = 1e-6;

/**
 * Pearson feature loss (PKD): `½ Σ (ŝ − t̂)²` over a sample's features, then reduced, by default to the
 * mean over samples and entries; `x̂ = (x − mean) / (std + 1e-6)` channel by channel over samples and
 * positions.
 *
 * Up to `(n − 1) / n` it is 1 − Pearson's correlation, averaged over the channels: scale and offset of a
 * channel do not matter. A channel that is constant, so dead, has `x̂ = 0` and no gradient; with the
 * authors' code it would have one of 1e6.
 *
 * @param teacherFeatures `[batch, …sizes, channels]`.
 * @param studentFeatures Same shape.
 * @param options `reduction` defaults to `mean`; `weights` are `[batch]`.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes differ; it says which adapter mends that.
 *
 * @example
 * const t = tensor2d([[0], [2]]); // mean 1, std √2
 * pearsonFeatureLoss(t, tensor2d([[5], [1]])); // t̂ = ∓1/√2 and ŝ = ±1/√2: ½ · 2 = 1
 *
 * @see Cao et al., "PKD: General Distillation Framework for Object Detectors via Pearson Correlation Coefficient", https://arxiv.org/abs/2207.02039 (2022)
 */
export function pearsonFeatureLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  { reduction = 'mean', weights }: ReduceOptions = {},
): Scalar {
  const rule = { same: 'shape', where: 'pearsonFeatureLoss' } as const;
  const features = [teacherFeatures, studentFeatures] as const;
  return featureLoss(rule, features, { reduction, weights }, (teacher, student) => {
    const difference = sub(
      standardized(student, weights),
      noGrad(() => standardized(teacher, weights)),
    );
    return { values: mul(sumSamples(square(difference)), 0.5), entries: entriesOf(student) };
  });
}

function standardized(x: Tensor, weights: Tensor | undefined): Tensor {
  const { centred, variance, mean } = channelMoments(x, weights);
  const samples = weights === undefined ? (x.shape[0] ?? 1) : sum(cast(greater(weights, 0), 'float32'));
  const count = mul(samples, entriesOf(x) / (x.shape.at(-1) ?? 1));
  const unbiased = mul(variance, div(count, maximum(sub(count, 1), 1)));
  // what rounding alone makes of a constant channel counts as constant
  const alive = noGrad(() => cast(greater(unbiased, mul(add(square(mean), 1), EPSILON ** 2)), 'float32'));
  return mul(centred, div(alive, add(sqrt(maximum(unbiased, EPSILON ** 2)), EPSILON)));
}

/**
 * Pearson feature distillation, `type: 'pearson'`: summed over the pairs of layers, each through an adapter
 * where shapes differ. Made for the necks of object detectors, whose features differ in scale.
 *
 * @throws DistillError if a layer is missing or the adapter cannot match the shapes.
 *
 * @example
 * pearsonFeature({ student: ['p3', 'p4'], teacher: ['p3', 'p4'] }); // weight 6
 */
export const pearsonFeature = defineCriterion({
  type: 'pearson',
  options: z
    .strictObject({
      ...featureOptions(6),
      ...adapterOptions(),
      reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'mean'),
    })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { adapter: kind, seed, reduction } = options;
    return overPairs(
      options,
      (teacher, student, { batch }) =>
        pearsonFeatureLoss(teacher, student, { reduction, weights: sampleWeights(batch.weights) }),
      { parts: featureAdapters('pearson', options, { kind, seed }), coupled: true },
    );
  },
});
