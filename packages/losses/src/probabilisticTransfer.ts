import {
  add,
  div,
  log,
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
} from '@tensorflow/tfjs-core';
import { defineCriterion } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { noGrad } from './noGrad.js';
import { relationLoss, type RelationOptions } from './relationLoss.js';
import { sampleWeights } from './sampleWeights.js';

const EPSILON = 1e-7;

/**
 * Probabilistic knowledge transfer: `KL(P_t ‖ P_s)` between the samples' distributions over their
 * neighbours, `P_ij = k_ij / Σ_j k_ij` with `k_ij = (1 + cos(x_i, x_j)) / 2`.
 *
 * A sample counts among its own neighbours, as in the authors' code. Reduction `mean` divides by all
 * `batch²` pairs, as the code does; `sum` is the paper's.
 *
 * @param teacherFeatures `[batch, …]`, one vector per sample once flattened.
 * @param studentFeatures `[batch, …]`; the vectors' length may differ.
 * @param options `weights` are `[batch]`; a pair of samples weighs their product.
 * @returns Non-negative scalar; 0 for a batch of one. The caller owns it.
 * @throws DistillError if the numbers of samples differ.
 *
 * @example
 * const [t, s] = [tensor2d([[1, 0], [0, 1]]), tensor2d([[1], [1]])];
 * probabilisticTransferLoss(t, s); // rows (⅔, ⅓) against (½, ½): 2 · 0.05663 / 4 = 0.0283
 *
 * @see Passalis, Tefas, "Learning Deep Representations with Probabilistic Knowledge Transfer", https://arxiv.org/abs/1803.10837 (2018)
 */
export function probabilisticTransferLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  options: RelationOptions = {},
): Scalar {
  const features = [teacherFeatures, studentFeatures] as const;
  return relationLoss('probabilisticTransferLoss', features, options, (teacher, student, pairs) => {
    const wanted = noGrad(() => neighbours(teacher, pairs.present));
    const known = noGrad(() => log(add(wanted, EPSILON)));
    const ours = neighbours(student, pairs.present);
    return sum(mul(mul(wanted, pairs.factor), sub(known, log(add(ours, EPSILON)))));
  });
}

/** `P`, `[batch, batch]`, over the samples that are present. */
function neighbours(x: Tensor, present: Tensor | undefined): Tensor {
  const norm = sqrt(maximum(sum(square(x), 1, true), EPSILON ** 2));
  const unit = div<Tensor2D>(x, norm);
  const cosines = matMul(unit, unit, false, true);
  const kernel = div(add(cosines, 1), 2);
  const counted = present === undefined ? kernel : mul(kernel, present);
  return div(counted, maximum(sum(counted, 1, true), EPSILON));
}

/**
 * Probabilistic knowledge transfer, `type: 'pkt'`: summed over the pairs of layers; usually the pooled
 * vector before the classifier.
 *
 * @throws DistillError if a layer is missing or the lists of layers are of different length.
 *
 * @example
 * probabilisticTransfer({ student: 'pool', teacher: 'pool' }); // weight 30000
 */
export const probabilisticTransfer = defineCriterion({
  type: 'pkt',
  options: z
    .strictObject({ ...featureOptions(30000), reduction: z._default(z.enum(['mean', 'sum']), 'mean') })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) =>
    overPairs(
      options,
      (teacher, student, { batch }) =>
        probabilisticTransferLoss(teacher, student, {
          reduction: options.reduction,
          weights: sampleWeights(batch.weights),
        }),
      { coupled: true },
    ),
});
