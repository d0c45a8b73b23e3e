import { matMul, reshape, type Tensor, tensor3d } from '@tensorflow/tfjs-core';

/**
 * Multiplies one axis of a tensor by a constant matrix; gradients flow to the tensor.
 *
 * @param matrix `[out, in]` as rows; `in` is the axis's length.
 * @returns The same shape but for the axis, which has length `out`. Belongs to the caller's `tidy`.
 *
 * @example
 * mapAxis(tensor2d([[1, 3]]), 1, [[0.5, 0.5]]); // [[2]]
 */
export function mapAxis(x: Tensor, axis: number, matrix: readonly number[][]): Tensor {
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const rows = reshape(x, [product(before), x.shape[axis] ?? 1, product(after)]);
  const mapped = matMul(tensor3d([matrix as number[][]]), rows); // one matrix for all rows: no transposition
  return reshape(mapped, [...before, matrix.length, ...after]);
}

const product = (lengths: readonly number[]): number => lengths.reduce((size, length) => size * length, 1);
