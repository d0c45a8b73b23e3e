import { reshape, sum, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';

/** One vector per sample: `[batch, …]` to `[batch, d]`. */
export function flattened(x: Tensor): Tensor2D {
  return reshape(x, [x.shape[0] ?? 1, entriesOf(x)]);
}

/** Sums all that belongs to one sample: `[batch, …]` to `[batch]`. */
export function sumSamples(x: Tensor): Tensor {
  return sum(flattened(x), 1);
}

/** How many numbers one sample has. */
export function entriesOf({ shape }: Tensor): number {
  return shape.slice(1).reduce((size, length) => size * length, 1);
}

/** A map's positions in one row: `[batch, …sizes, channels]` to `[batch, positions, channels]`. */
export function positionsOf(x: Tensor): Tensor {
  const channels = x.shape.at(-1) ?? 1;
  return reshape(x, [x.shape[0] ?? 1, entriesOf(x) / channels, channels]);
}
