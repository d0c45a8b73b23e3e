import { cast, greater, maximum, mul, rsqrt, square, sum, type Tensor } from '@tensorflow/tfjs-core';
import { noGrad } from './noGrad.js';

const SMALLEST = 1e-12;

/**
 * Each row divided by its L2 norm. A row without a length stays 0 and gets no gradient, which would be
 * infinite.
 *
 * @param x `[…, d]`.
 * @returns The shape of `x`; gradients flow through. Belongs to the caller's `tidy`.
 *
 * @example
 * unitVectors(tensor2d([[3, 4], [0, 0]])); // [[0.6, 0.8], [0, 0]]
 */
export function unitVectors(x: Tensor): Tensor {
  const squares = sum(square(x), -1, true);
  const alive = noGrad(() => cast(greater(squares, SMALLEST), 'float32'));
  return mul(x, mul(alive, rsqrt(maximum(squares, SMALLEST))));
}
