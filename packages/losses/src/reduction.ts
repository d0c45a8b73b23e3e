import {
  div,
  expandDims,
  greater,
  maximum,
  mul,
  sum,
  type Tensor,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { scaled } from './scaled.js';

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

/** Least sum of weights to divide by: where no sample weighs anything, the loss is 0. */
const TINY = 1e-37;

/** What each value counts for in the reduced one: a number for all, or `[…batch]`. */
export type Shares = number | Tensor;

/**
 * The derivative of the reduced value by the values of the samples.
 *
 * @param samples Positions of all leading dimensions.
 * @param classes Entries that each value is a sum over; only `mean` divides by it.
 */
export function sharesOf(
  { reduction = 'batchMean', weights }: ReduceOptions,
  samples: number,
  classes: number,
): Shares {
  const averaged = reduction === 'batchMean' || reduction === 'mean';
  const entries = reduction === 'mean' ? classes : 1;
  if (weights === undefined) return averaged ? 1 / (samples * entries) : 1;
  return averaged ? div(weights, scaled(maximum(sum(weights), TINY), entries)) : weights;
}

/** Values by their shares, added up unless each sample is to keep its own. */
export function reduceBy(values: Tensor, shares: Shares, reduction: Reduction = 'batchMean'): Tensor {
  if (reduction === 'none') return shares === 1 ? values : mul(values, shares);
  return typeof shares === 'number' ? mul(sum(values), shares) : sum(mul(values, shares));
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
  return reduceBy(values, sharesOf(options, values.size, classes), options.reduction);
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
