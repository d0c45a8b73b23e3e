import { type Tensor } from '@tensorflow/tfjs-core';
import { adaptiveAveragePool } from '@tfjs-distill/core';

/**
 * Average-pools the larger of two maps to the smaller, axis by axis.
 *
 * @param a, b `[batch, …sizes, channels]` of one rank; channels may differ.
 * @returns Both with the same sizes; gradients flow through. Belong to the caller's `tidy`.
 *
 * @example
 * matchSizes(zeros([1, 8, 8, 3]), zeros([1, 4, 4, 5])); // [1, 4, 4, 3] and [1, 4, 4, 5]
 */
export function matchSizes(a: Tensor, b: Tensor): [Tensor, Tensor] {
  const sizes = a.shape.slice(1, -1).map((size, i) => Math.min(size, b.shape[i + 1] ?? size));
  const fit = (x: Tensor) =>
    x.shape.slice(1, -1).join() === sizes.join() ? x : adaptiveAveragePool(x, sizes);
  return [fit(a), fit(b)];
}
