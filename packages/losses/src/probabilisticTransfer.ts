import {
  add,
  div,
  log,
  matMul,
  maximum,
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
  return relationLoss(
    'probabilisticTransferLoss',
    features,
    options,
    (teacher, student, { factor, present }) => {
      return withGradient(student, (x) => {
        const wanted = neighbours(normalized(teacher, EPSILON), present).probs;
        const vectors = normalized(x, EPSILON);
        const { probs, total } = neighbours(vectors, present);
        const weighted = mul(wanted, factor);
        const guarded = add(probs, EPSILON);
        const slope = div(weighted, guarded); // less the gradient of the probabilities
        const ofKernel = div(sub(sum(mul(slope, probs), 1, true), slope), mul(total, 2)); // ½: the kernel is (1 + cos) / 2
        const ofCosines = present === undefined ? ofKernel : mul(ofKernel, present);
        const both = add<Tensor2D>(ofCosines, transpose(ofCosines));
        return {
          value: sum(mul(weighted, sub(log(add(wanted, EPSILON)), log(guarded)))),
          gradient: throughNorm(matMul(both, vectors.unit as Tensor2D), vectors),
        };
      }) as Scalar;
    },
  );
}

interface Neighbours {
  /** `P`, `[batch, batch]`, over the samples that are present. */
  readonly probs: Tensor;
  /** What each row of the kernel was divided by, `[batch, 1]`. */
  readonly total: Tensor;
}

function neighbours({ unit }: Normalized, present: Tensor | undefined): Neighbours {
  const cosines = matMul(unit as Tensor2D, unit as Tensor2D, false, true);
  const kernel = div(add(cosines, 1), 2);
  const counted = present === undefined ? kernel : mul(kernel, present);
  const total = maximum(sum(counted, 1, true), EPSILON);
  return { probs: div(counted, total), total };
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
