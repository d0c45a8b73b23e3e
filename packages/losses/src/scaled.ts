import { mul, type Tensor } from '@tensorflow/tfjs-core';

/** A tensor by a number, without a kernel where the number is 1. */
export function scaled(x: Tensor, factor: number): Tensor {
  return factor === 1 ? x : mul(x, factor);
}
