import { type Tensor } from '@tensorflow/tfjs-core';
import { mapAxis } from '@tfjs-distill/core';

/**
 * Nearest neighbour to a given size: output `i` of `n` is input `⌊i · m / n⌋` of `m`, as PyTorch's
 * `interpolate` with `mode='nearest'`. Has a gradient on every engine.
 *
 * @param x `[batch, …sizes, channels]`.
 * @param sizes The new sizes, one for each axis between batch and channels.
 * @returns `[batch, …sizes, channels]`. Belongs to the caller's `tidy`.
 *
 * @example
 * nearestResize(tensor3d([[[1], [2]]]), [4]); // [[[1], [1], [2], [2]]]
 */
export function nearestResize(x: Tensor, sizes: readonly number[]): Tensor {
  return sizes.reduce((resized, size, i) => resizeAxis(resized, i + 1, size), x);
}

function resizeAxis(x: Tensor, axis: number, size: number): Tensor {
  const length = x.shape[axis] ?? 1;
  return length === size ? x : mapAxis(x, axis, selection(length, size));
}

function selection(length: number, size: number): number[][] {
  return Array.from({ length: size }, (_, i) => {
    const at = Math.floor((i * length) / size);
    return Array.from({ length }, (_, j) => (j === at ? 1 : 0));
  });
}
