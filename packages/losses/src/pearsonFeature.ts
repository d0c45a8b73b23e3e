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
  tidy,
} from '@tensorflow/tfjs-core';
import { defineCriterion, featureAdapters } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertFeatures } from './assertFeatures.js';
import { adapterOptions, featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { SCALAR_REDUCTIONS, type ScalarReduction, sharesOf } from './reduction.js';
import { entriesOf } from './samples.js';
import { sampleWeights, withoutMaskedSamples } from './sampleWeights.js';
import { perRow, type Scaling, standardized } from './standardized.js';
import { withGradient } from './withGradient.js';

export interface PearsonFeatureOptions {
  /** Default `mean`. */
  readonly reduction?: ScalarReduction;
  /** Weight of each sample, `[batch]`, ≥ 0. Default 1. */
  readonly weights?: Tensor | undefined;
}

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
 * @returns Non-negative scalar. The caller owns it.
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
  { reduction = 'mean', weights }: PearsonFeatureOptions = {},
): Scalar {
  const rule = { same: 'shape', where: 'pearsonFeatureLoss' } as const;
  assertFeatures({ teacherFeatures, studentFeatures }, weights, rule);
  return tidy(() => {
    const teacher = withoutMaskedSamples(teacherFeatures, weights);
    const student = withoutMaskedSamples(studentFeatures, weights);
    const [batch = 1, entries] = [student.shape[0], entriesOf(student)];
    const positions = entries / (student.shape.at(-1) ?? 1);
    const factor = perRow(sharesOf({ reduction, weights }, batch, entries), positions);
    const shares = perRow(sharesOf({ reduction: 'mean', weights }, batch, positions), positions);
    const samples = weights === undefined ? batch : sum(cast(greater(weights, 0), 'float32'));
    const scaling = (variance: Tensor, mean: Tensor) => scaledBy(variance, mean, mul(samples, positions));
    return withGradient(student, (x) => {
      const ours = standardized(x, shares, scaling);
      const difference = sub(ours.value, standardized(teacher, shares, scaling).value);
      const pull = mul(difference, factor);
      return { value: mul(sum(mul(pull, difference)), 0.5), gradient: ours.through(pull) };
    }) as Scalar;
  });
}

/** `1 / (std + ε)` of the unbiased variance; 0 for a channel that only rounding moves. */
function scaledBy(variance: Tensor, mean: Tensor, count: Tensor): Scaling {
  const correction = div(count, maximum(sub(count, 1), 1));
  const unbiased = mul(variance, correction);
  const alive = cast(greater(unbiased, mul(add(square(mean), 1), EPSILON ** 2)), 'float32');
  const deviation = sqrt(maximum(unbiased, EPSILON ** 2));
  const scale = div(alive, add(deviation, EPSILON));
  return { scale, slope: div(mul(mul(square(scale), correction), -0.5), deviation) };
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
