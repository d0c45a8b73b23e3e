import {
  add,
  matMul,
  mul,
  type Scalar,
  scalar,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { defineCriterion, expected } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertPositive } from './checks.js';
import { featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { normalized, throughNorm } from './normalized.js';
import { relationLoss, type RelationOptions } from './relationLoss.js';
import { sampleWeights } from './sampleWeights.js';
import { withGradient } from './withGradient.js';

export interface CorrelationCongruenceOptions extends RelationOptions {
  /** `rbf` by its Taylor series, or `bilinear`: the cosine itself. Default `rbf`. */
  readonly kernel?: 'rbf' | 'bilinear';
  /** `γ > 0` of `exp(−γ ‖x − y‖²)`. Default 0.4. */
  readonly gamma?: number;
  /** Order of the Taylor series, a whole number ≥ 1. Default 2. */
  readonly order?: number;
}

const WHERE = 'correlationCongruenceLoss';

/**
 * Correlation congruence: `‖K_s − K_t‖²_F / batch²`, where `K_ij` is a kernel of two samples' unit vectors:
 * `exp(−2γ) Σ_{p ≤ P} (2γ)^p / p! · (xᵢᵀxⱼ)^p` (`rbf`) or `xᵢᵀxⱼ` (`bilinear`).
 *
 * Squared as in the paper; torchdistill leaves the norm unsquared and the vectors unnormalised.
 * RepDistiller's `CC` is another loss altogether.
 *
 * @param teacherFeatures `[batch, …]`, one vector per sample once flattened.
 * @param studentFeatures `[batch, …]`; the vectors' length may differ.
 * @param options `weights` are `[batch]`; a pair of samples weighs their product.
 * @returns Non-negative scalar; 0 for a batch of one. The caller owns it.
 * @throws DistillError if the numbers of samples differ, or `gamma` or `order` is out of range.
 *
 * @example
 * const [t, s] = [tensor2d([[1, 0], [0, 1]]), tensor2d([[1], [1]])];
 * correlationCongruenceLoss(t, s, { kernel: 'bilinear' }); // 2 · 1² / 4 = 0.5
 *
 * @see Peng et al., "Correlation Congruence for Knowledge Distillation", https://arxiv.org/abs/1904.01802 (2019)
 */
export function correlationCongruenceLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  options: CorrelationCongruenceOptions = {},
): Scalar {
  const { kernel = 'rbf', gamma = 0.4, order = 2, ...reduction } = options;
  assertPositive({ gamma }, { where: WHERE });
  if (!(Number.isInteger(order) && order >= 1)) {
    throw expected('order', 'a whole number of 1 or more', order, { where: WHERE });
  }
  const coefficients = kernel === 'bilinear' ? [0, 1] : taylor(gamma, order);
  const features = [teacherFeatures, studentFeatures] as const;
  return relationLoss(WHERE, features, reduction, (teacher, student, { factor }) => {
    return withGradient(student, (x) => {
      const vectors = normalized(x);
      const cosines = gram(vectors.unit);
      const difference = sub(
        series(cosines, coefficients),
        series(gram(normalized(teacher).unit), coefficients),
      );
      const weighted = mul(difference, factor);
      const slope = mul(weighted, mul(series(cosines, derived(coefficients)), 4)); // twice, for both sides of the product
      return {
        value: sum(mul(difference, weighted)),
        gradient: throughNorm(matMul(slope as Tensor2D, vectors.unit as Tensor2D), vectors),
      };
    }) as Scalar;
  });
}

/** Coefficients of the powers of a cosine, lowest first. */
function taylor(gamma: number, order: number): number[] {
  const coefficients = [Math.exp(-2 * gamma)];
  for (let p = 1; p <= order; p++) coefficients.push(((coefficients[p - 1] ?? 0) * 2 * gamma) / p);
  return coefficients;
}

/** Coefficients of the derivative. */
const derived = (coefficients: readonly number[]) => coefficients.slice(1).map((c, i) => c * (i + 1));

/** A polynomial by Horner's rule, entry by entry. */
function series(x: Tensor, coefficients: readonly number[]): Tensor {
  return coefficients.reduceRight<Tensor>((sum, c) => add(mul(sum, x), c), scalar(0));
}

const gram = (x: Tensor) => matMul(x as Tensor2D, x as Tensor2D, false, true);

/**
 * Correlation congruence, `type: 'cc'`: summed over the pairs of layers; usually the pooled vector before
 * the classifier.
 *
 * @throws DistillError if a layer is missing or an option out of range.
 *
 * @example
 * correlationCongruence({ student: 'pool', teacher: 'pool' }); // weight 100
 */
export const correlationCongruence = defineCriterion({
  type: 'cc',
  options: z
    .strictObject({
      ...featureOptions(100),
      kernel: z._default(z.enum(['rbf', 'bilinear']), 'rbf'),
      gamma: z._default(z.number().check(z.gt(0)), 0.4),
      order: z._default(z.int().check(z.gte(1)), 2),
      reduction: z._default(z.enum(['mean', 'sum']), 'mean'),
    })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { kernel, gamma, order, reduction } = options;
    return overPairs(
      options,
      (teacher, student, { batch }) =>
        correlationCongruenceLoss(teacher, student, {
          kernel,
          gamma,
          order,
          reduction,
          weights: sampleWeights(batch.weights),
        }),
      { coupled: true },
    );
  },
});
