import { reshape, type Scalar, sub, type Tensor } from '@tensorflow/tfjs-core';
import { defineCriterion, featureAdapters } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { adapterOptions, featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { entriesOf, flattened } from './samples.js';
import { sampleWeights } from './sampleWeights.js';
import { squaredResiduals } from './squaredResiduals.js';

/**
 * Hint loss: `Σ (s − t)²` over a sample's features, then reduced, by default to the mean over samples
 * and entries, as in RepDistiller and mdistiller.
 *
 * The paper's `½ Σ` is half of `reduction: 'batchMean'`.
 *
 * @param teacherFeatures The hint, `[batch, …]`.
 * @param studentFeatures The guided layer, brought to the same shape by an adapter.
 * @param options `reduction` defaults to `mean`; `weights` are `[batch]`.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes differ; it says which adapter mends that.
 *
 * @example
 * hintLoss(tensor2d([[0, 2]]), tensor2d([[2, 2]])); // 2
 *
 * @see Romero et al., "FitNets: Hints for Thin Deep Nets", https://arxiv.org/abs/1412.6550 (2015)
 */
export function hintLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  { reduction = 'mean', weights }: ReduceOptions = {},
): Scalar {
  const features = [teacherFeatures, studentFeatures] as const;
  return featureLoss(
    { same: 'shape', where: 'hintLoss' },
    features,
    { reduction, weights },
    (teacher, student) => {
      const squares = squaredResiduals(flattened(student), (x) => sub(x, flattened(teacher)), 1);
      return { values: reshape(squares, [-1]), entries: entriesOf(student) };
    },
  );
}

/**
 * Hints of inner layers (FitNets), `type: 'fitnet'`: the student's layer, through a learned adapter,
 * regresses the teacher's. Several pairs of layers are summed.
 *
 * The paper trains the hint first and distils the logits afterwards: give `weight` a schedule. Its
 * regressor of a 3×3 kernel is `adapter: 'conv3x3'`.
 *
 * @throws DistillError if a layer is missing or the adapter cannot match the shapes.
 *
 * @example
 * hint({ student: 'conv2', teacher: 'conv4' }); // weight 100, adapter 'auto'
 */
export const hint = defineCriterion({
  type: 'fitnet',
  options: z
    .strictObject({
      ...featureOptions(100),
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
        hintLoss(teacher, student, { reduction, weights: sampleWeights(batch.weights) }),
      { parts: featureAdapters('fitnet', options, { kind, seed }) },
    );
  },
});
