import { mul, square, sum, type Tensor } from '@tensorflow/tfjs-core';
import { withGradient } from './withGradient.js';

/**
 * `Σ r(x)²` along one axis, for residuals that grow with `x` as `x − target` does wherever they are not 0.
 * The tape keeps the residuals and nothing else; the way back is one multiplication.
 *
 * @param residuals Gives `r`, of the shape of `x`; nothing that it reads gets a gradient.
 * @param axis Keeps its place with length 1.
 * @returns Belongs to the caller's `tidy`.
 *
 * @example
 * squaredResiduals(tensor2d([[1, 2]]), (x) => sub(x, 3), 1); // [[5]]
 */
export function squaredResiduals(x: Tensor, residuals: (x: Tensor) => Tensor, axis: number): Tensor {
  const half = withGradient(x, (input) => {
    const gradient = residuals(input);
    return { value: mul(sum(square(gradient), axis, true), 0.5), gradient };
  });
  return mul(half, 2); // so that 2 · r need not be computed
}
