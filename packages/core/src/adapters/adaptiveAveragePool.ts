import { clone, mean, reshape, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { shapeMismatch } from '../errors.js';
import { mapAxis } from './mapAxis.js';

/**
 * Average pooling to a given size, whatever the size before; has a gradient on every engine.
 *
 * Output `i` of `n` is the mean of the inputs from `⌊i · m / n⌋` to `⌈(i + 1) · m / n⌉` of `m`, axis by
 * axis, as in PyTorch's `adaptive_avg_pool2d`.
 *
 * @param x `[batch, …sizes, channels]`.
 * @param sizes The new sizes, one for each axis between batch and channels.
 * @returns `[batch, …sizes, channels]`. The caller owns it.
 * @throws DistillError if `sizes` are not as many as `x` has.
 *
 * @example
 * adaptiveAveragePool(tensor3d([[[1], [2], [3]]]), [2]); // [[[1.5], [2.5]]]
 */
export function adaptiveAveragePool(x: Tensor, sizes: readonly number[]): Tensor {
  if (sizes.length !== x.rank - 2) {
    const hint = 'Pass one size for each axis between batch and channels.';
    throw shapeMismatch(
      'as many sizes as axes',
      { x: x.shape, sizes },
      { where: 'adaptiveAveragePool', hint },
    );
  }
  return tidy(() => sizes.reduce((pooled, size, i) => averageAxis(pooled, i + 1, size), clone(x)));
}

/**
 * The same along any one axis.
 *
 * @returns Belongs to the caller's `tidy`.
 */
export function averageAxis(x: Tensor, axis: number, size: number): Tensor {
  const length = x.shape[axis] ?? 1;
  if (length === size) return x;
  if (length % size !== 0) return mapAxis(x, axis, bins(length, size));
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  return mean(reshape(x, [...before, size, length / size, ...after]), axis + 1);
}

function bins(length: number, size: number): number[][] {
  return Array.from({ length: size }, (_, i) => {
    const [start, end] = [Math.floor((i * length) / size), Math.ceil(((i + 1) * length) / size)];
    return Array.from({ length }, (_, j) => (j >= start && j < end ? 1 / (end - start) : 0));
  });
}
