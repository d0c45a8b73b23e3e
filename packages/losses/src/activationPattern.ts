import { cast, greater, mul, type Scalar, sigmoid, softplus, sub, type Tensor } from '@tensorflow/tfjs-core';
import { defineCriterion, featureAdapters, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertPositive } from './checks.js';
import { adapterOptions, featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { entriesOf, sumSamples } from './samples.js';
import { sampleWeights } from './sampleWeights.js';
import { withGradient } from './withGradient.js';

export interface ActivationPatternOptions extends ReduceOptions {
  /** `κ > 0`: how steeply the student's feature counts as on or off. Default 1. */
  readonly sharpness?: number;
}

/**
 * Matching of sparsity patterns: which neurons are on. The cross-entropy of `σ(κ s)` to the teacher's
 * `1(t > 0)`, summed over a sample's features, then reduced, by default to the mean over samples and
 * entries.
 *
 * A smooth form of `‖ρ(t) − ρ(s)‖₁` with `ρ(x) = 1(x > 0)`, which has no gradient; activation boundaries
 * (`ab`) have a hinge in its place.
 *
 * @param teacherFeatures `[batch, …]`, before the activation or after a ReLU: only the sign counts.
 * @param studentFeatures Same shape, before the activation: after a ReLU nothing is off.
 * @param options `reduction` defaults to `mean`; `weights` are `[batch]`.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes differ, or `sharpness` is not above 0.
 *
 * @example
 * activationPatternLoss(tensor2d([[1, 0]]), tensor2d([[0, 2]])); // (0.6931 + 2.1269) / 2 = 1.41
 *
 * @see Han, "TinyML and Efficient Deep Learning Computing", MIT 6.5940, lecture on knowledge distillation, https://efficientml.ai (2023)
 * @see Heo et al., "Knowledge Transfer via Distillation of Activation Boundaries", https://arxiv.org/abs/1811.03233 (2019)
 */
export function activationPatternLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  { sharpness = 1, reduction = 'mean', weights }: ActivationPatternOptions = {},
): Scalar {
  const rule = { same: 'shape', where: 'activationPatternLoss' } as const;
  assertPositive({ sharpness }, { where: rule.where });
  const features = [teacherFeatures, studentFeatures] as const;
  return featureLoss(rule, features, { reduction, weights }, (teacher, student) => {
    const on = cast(greater(teacher, 0), 'float32');
    const values = withGradient(student, (x) => {
      const logits = mul(x, sharpness);
      return {
        value: sumSamples(sub(softplus(logits), mul(on, logits))),
        gradient: mul(sub(sigmoid(logits), on), sharpness),
      };
    });
    return { values, entries: entriesOf(student) };
  });
}

/**
 * Matching of activation patterns, `type: 'activation-pattern'`: summed over the pairs of layers, each through an
 * adapter where shapes differ. `sharpness` takes a number or a schedule.
 *
 * @throws DistillError if a layer is missing or the adapter cannot match the shapes.
 *
 * @example
 * activationPattern({ student: 'conv2', teacher: 'relu2' });
 */
export const activationPattern = defineCriterion({
  type: 'activation-pattern',
  options: z
    .strictObject({
      ...featureOptions(1),
      ...adapterOptions(),
      sharpness: z._default(knobSchema({ above: 0 }), 1),
      reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'mean'),
    })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { adapter: kind, seed, sharpness, reduction } = options;
    return overPairs(
      options,
      (teacher, student, ctx) =>
        activationPatternLoss(teacher, student, {
          sharpness: ctx.knob(sharpness, 'sharpness'),
          reduction,
          weights: sampleWeights(ctx.batch.weights),
        }),
      { parts: featureAdapters('activation-pattern', options, { kind, seed }) },
    );
  },
});
