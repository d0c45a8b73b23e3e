import {
  add,
  div,
  matMul,
  maximum,
  mul,
  type Scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  transpose,
} from '@tensorflow/tfjs-core';
import { defineCriterion } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { relationLoss, type RelationOptions } from './relationLoss.js';
import { sampleWeights } from './sampleWeights.js';
import { withGradient } from './withGradient.js';

const SMALLEST = 1e-12;

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
      const { rows, norm } = similarity(x);
      const difference = sub(rows, similarity(teacher).rows);
      const slope = mul(mul(difference, factor), 2);
      const tangent = div(sub(slope, mul(rows, sum(mul(rows, slope), 1, true))), norm); // [batch, batch]
      const both = add(tangent, transpose(tangent)); // G is x · xᵀ: x enters on both sides
      return {
        value: sum(mul(square(difference), factor)),
        gradient: matMul(both as Tensor2D, x as Tensor2D),
      };
    }) as Scalar;
  });
}

/** `Ĝ` and the norms of the rows of `G`. */
function similarity(x: Tensor): { readonly rows: Tensor; readonly norm: Tensor } {
  const gram = matMul(x as Tensor2D, x as Tensor2D, false, true);
  const norm = maximum(sqrt(sum(square(gram), 1, true)), SMALLEST);
  return { rows: div(gram, norm), norm };
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
