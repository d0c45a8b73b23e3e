import {
  div,
  expandDims,
  greater,
  mean,
  mul,
  type Scalar,
  sum,
  type Tensor,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';

/**
 * How values per sample become one number.
 *
 * - `batchMean`: the mean over the samples, by weight. What papers mean, and PyTorch's `batchmean`.
 * - `mean`: the same ÷ classes. PyTorch's misleading default and Intel Neural Compressor's form.
 * - `sum`: no division; to add up over accumulated batches.
 * - `none`: one value per sample.
 *
 * Every position of the leading dimensions is a sample: `[batch, time, classes]` has batch · time.
 */
export type Reduction = 'batchMean' | 'mean' | 'sum' | 'none';

/** The reductions that give one number, as criteria need. */
export const SCALAR_REDUCTIONS = ['batchMean', 'mean', 'sum'] as const;
export type ScalarReduction = (typeof SCALAR_REDUCTIONS)[number];

export interface ReduceOptions {
  /** Default `batchMean`. */
  readonly reduction?: Reduction | undefined;
  /** Weight of each sample, `[…batch]`, ≥ 0. Default 1. */
  readonly weights?: Tensor | undefined;
}

/**
 * Reduces one value per sample.
 *
 * @param values `[…batch]`.
 * @param classes Entries that each value is a sum over; only `mean` divides by it.
 * @returns A scalar, or `[…batch]` for `none`. Belongs to the caller's `tidy`.
 *
 * @example
 * reduce(tensor1d([1, 3]), { reduction: 'batchMean' }, 10); // 2
 */
export function reduce(values: Tensor, options: ReduceOptions, classes: number): Tensor {
  const { reduction = 'batchMean', weights } = options;
  const weighted = weights === undefined ? values : mul(values, weights);
  if (reduction === 'none') return weighted;
  if (reduction === 'sum') return sum(weighted);
  const average = weights === undefined ? mean(values) : div(sum(weighted), positive(sum(weights)));
  return reduction === 'mean' ? div(average, classes) : average;
}

/**
 * Puts zeros in place of samples that weigh nothing, before anything is computed of them: NaN or
 * −∞ in padding would survive a multiplication by 0.
 *
 * @param values `[…batch, classes]`.
 */
export function withoutMasked(values: Tensor, weights: Tensor | undefined): Tensor {
  if (weights === undefined) return values;
  return where(greater(expandDims(weights, -1), 0), values, zerosLike(values));
}

/** A sum of weights that may be divided by. */
function positive(total: Tensor): Scalar {
  return where(greater(total, 0), total, 1) as Scalar;
}
