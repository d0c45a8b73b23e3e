import {
  add,
  matMul,
  mul,
  type Scalar,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  transpose,
} from '@tensorflow/tfjs-core';
import { defineCriterion } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { normalized, type Normalized, throughNorm } from './normalized.js';
import { relationLoss, type RelationOptions } from './relationLoss.js';
import { sampleWeights } from './sampleWeights.js';
import { withGradient } from './withGradient.js';

/**
 * Similarity-preserving loss: `‖Ĝ_s − Ĝ_t‖²_F / batch²`, where `G = F Fᵀ` says how alike the samples of a
 * batch are, `F` has one flattened sample a row, and each row of `Ĝ` is divided by its L2 norm.
 *
 * Sizes and channels of the two sides may differ. torchdistill divides rows by their L1 norm; the
 * paper and RepDistiller by L2.
 *
 * @param teacherFeatures `[batch, …]`.
 * @param studentFeatures `[batch, …]`.
 * @param options `weights` are `[batch]`; a pair of samples weighs their product.
 * @returns Non-negative scalar; 0 for a batch of one. The caller owns it.
 * @throws DistillError if the numbers of samples differ.
 *
 * @example
 * const [t, s] = [tensor2d([[1], [1]]), tensor2d([[1], [0]])];
 * similarityPreservingLoss(t, s); // Ĝ_t = 1/√2 everywhere, Ĝ_s = [[1, 0], [0, 0]]: (4 · ½ + 1 − √2) / 4 = 0.3964
 *
 * @see Tung, Mori, "Similarity-Preserving Knowledge Distillation", https://arxiv.org/abs/1907.09682 (2019)
 */
export function similarityPreservingLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  options: RelationOptions = {},
): Scalar {
  const features = [teacherFeatures, studentFeatures] as const;
  return relationLoss('similarityPreservingLoss', features, options, (teacher, student, { factor }) => {
    return withGradient(student, (x) => {
      const ours = similarity(x);
      const difference = sub(ours.unit, similarity(teacher).unit);
      const weighted = mul(difference, factor);
      const slope = throughNorm(weighted, ours); // [batch, batch]
      const both = add(slope, transpose(slope)); // G is x · xᵀ: x enters on both sides
      return {
        value: sum(mul(difference, weighted)),
        gradient: mul(matMul(both as Tensor2D, x as Tensor2D), 2),
      };
    }) as Scalar;
  });
}

/** `Ĝ` and the norms of the rows of `G`. */
function similarity(x: Tensor): Normalized {
  return normalized(matMul(x as Tensor2D, x as Tensor2D, false, true));
}

/**
 * Similarity-preserving distillation, `type: 'sp'`: summed over the pairs of layers; usually the last map.
 *
 * @throws DistillError if a layer is missing or the lists of layers are of different length.
 *
 * @example
 * similarityPreserving({ student: 'stage3', teacher: 'stage3' }); // weight 3000
 */
export const similarityPreserving = defineCriterion({
  type: 'sp',
  options: z
    .strictObject({ ...featureOptions(3000), reduction: z._default(z.enum(['mean', 'sum']), 'mean') })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) =>
    overPairs(
      options,
      (teacher, student, { batch }) =>
        similarityPreservingLoss(teacher, student, {
          reduction: options.reduction,
          weights: sampleWeights(batch.weights),
        }),
      { coupled: true },
    ),
});
