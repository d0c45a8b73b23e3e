import { add, expandDims, mul, reshape, square, sub, sum, type Tensor, tile } from '@tensorflow/tfjs-core';
import { type Shares } from './reduction.js';

/** How a channel's variance becomes the factor of its deviations. */
export interface Scaling {
  readonly scale: Tensor;
  /** Derivative of `scale` by the variance. */
  readonly slope: Tensor;
}

/** Channels around their means and in proportion to their spread. */
export interface Standardized {
  /** `(x − mean) · scale`, `[rows, channels]`. */
  readonly value: Tensor;
  /** Takes a gradient by `value` back to `x`. */
  through(gradient: Tensor): Tensor;
}

/**
 * Standardises each channel over samples and positions, in closed form and few kernels.
 *
 * @param x `[…, channels]`.
 * @param shares What each row of `[rows, channels]` counts for in the mean: `[rows, 1]`, or one number for all. They
 *   sum to 1, or are all 0.
 * @param scaling Gets variance (not corrected for the mean's own estimation) and mean, `[1, channels]` each.
 * @returns Belongs to the caller's `tidy`.
 *
 * @example
 * // batch normalisation: scale = (variance + ε)^−½
 * standardized(x, 1 / rows, (variance) => {
 *   const scale = rsqrt(add(variance, epsilon));
 *   return { scale, slope: mul(mul(square(scale), scale), -0.5) };
 * });
 */
export function standardized(
  x: Tensor,
  shares: Shares,
  scaling: (variance: Tensor, mean: Tensor) => Scaling,
): Standardized {
  const rows = reshape(x, [-1, x.shape.at(-1) ?? 1]);
  const average = (y: Tensor) =>
    typeof shares === 'number' ? mul(sum(y, 0, true), shares) : sum(mul(y, shares), 0, true);
  const mean = average(rows);
  const centred = sub(rows, mean);
  const { scale, slope } = scaling(average(square(centred)), mean);
  return {
    value: mul(centred, scale),
    through: (gradient) => {
      const byMean = mul(sum(gradient, 0, true), scale);
      const bySpread = mul(mul(sum(mul(gradient, centred), 0, true), slope), 2);
      const indirect = mul(sub(mul(centred, bySpread), byMean), shares); // every row moves mean and variance
      return reshape(add(mul(gradient, scale), indirect), x.shape);
    },
  };
}

/** A share of each sample, `[batch]`, for each of its positions: `[batch · positions, 1]`. A number stays one. */
export function perRow(shares: Shares, positions: number): Shares {
  return typeof shares === 'number' ? shares : reshape(tile(expandDims(shares, 1), [1, positions]), [-1, 1]);
}
