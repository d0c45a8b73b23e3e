import { clone, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { shapeMismatch } from '../errors.js';
import { mapAxis } from './mapAxis.js';

/**
 * Linear interpolation to a given size; bilinear for maps. Has a gradient on every engine.
 *
 * Samples lie at `(i + ½) · m / n − ½`, clamped to the ends, axis by axis: PyTorch's `interpolate` with
 * `align_corners=False`, TensorFlow's half-pixel centres.
 *
 * @param x `[batch, …sizes, channels]`.
 * @param sizes The new sizes, one for each axis between batch and channels.
 * @returns `[batch, …sizes, channels]`. The caller owns it.
 * @throws DistillError if `sizes` are not as many as `x` has.
 *
 * @example
 * linearResize(tensor3d([[[0], [4]]]), [4]); // [[[0], [1], [3], [4]]]
 */
export function linearResize(x: Tensor, sizes: readonly number[]): Tensor {
  if (sizes.length !== x.rank - 2) {
    const hint = 'Pass one size for each axis between batch and channels.';
    throw shapeMismatch('as many sizes as axes', { x: x.shape, sizes }, { where: 'linearResize', hint });
  }
  return tidy(() => sizes.reduce((resized, size, i) => resizeAxis(resized, i + 1, size), clone(x)));
}

function resizeAxis(x: Tensor, axis: number, size: number): Tensor {
  const length = x.shape[axis] ?? 1;
  return length === size ? x : mapAxis(x, axis, interpolation(length, size));
}

function interpolation(length: number, size: number): number[][] {
  return Array.from({ length: size }, (_, i) => {
    const at = Math.min(Math.max(((i + 0.5) * length) / size - 0.5, 0), length - 1);
    const [low, high] = [Math.floor(at), Math.ceil(at)];
    const row = Array<number>(length).fill(0);
    row[low] = 1 - (at - low);
    if (high !== low) row[high] = at - low;
    return row;
  });
}
