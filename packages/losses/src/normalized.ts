import { div, maximum, mul, sqrt, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';

/** A tensor divided by its norms along axis 1. */
export interface Normalized {
  readonly unit: Tensor;
  /** Axis 1 has length 1. */
  readonly norm: Tensor;
}

/**
 * Divides by the L2 norm along axis 1; norms below `smallest` count as that. For use inside closed
 * gradients: its own would be infinite at 0.
 *
 * @example
 * normalized(tensor2d([[3, 4]])).unit; // [[0.6, 0.8]]
 */
export function normalized(x: Tensor, smallest = 1e-12): Normalized {
  const norm = maximum(sqrt(sum(square(x), 1, true)), smallest);
  return { unit: div(x, norm), norm };
}

/** Takes a gradient with respect to `unit` back to what was normalised: only what is at right angles moves it. */
export function throughNorm(slope: Tensor, { unit, norm }: Normalized): Tensor {
  return div(sub(slope, mul(unit, sum(mul(unit, slope), 1, true))), norm);
}
