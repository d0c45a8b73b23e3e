import { greater, mean, reshape, type Tensor, where, zerosLike } from '@tensorflow/tfjs-core';

/**
 * One weight per sample, where a batch may have one per position: the mean over a sample's positions.
 * A feature's positions are not the output's.
 *
 * @param weights `[batch]` or `[batch, …positions]`.
 * @returns `[batch]`, or `undefined` if there are none. Belongs to the caller's `tidy`.
 */
export function sampleWeights(weights: Tensor | undefined): Tensor | undefined {
  if (weights === undefined || weights.rank === 1) return weights;
  return mean(reshape(weights, [weights.shape[0] ?? 1, -1]), 1);
}

/**
 * Puts zeros in place of samples that weigh nothing, before anything is computed of them: a NaN in
 * padding would survive a multiplication by 0.
 *
 * @param x `[batch, …]`.
 * @param weights `[batch]`.
 * @returns The shape of `x`. Belongs to the caller's `tidy`.
 */
export function withoutMaskedSamples(x: Tensor, weights: Tensor | undefined): Tensor {
  if (weights === undefined) return x;
  const mask = reshape(greater(weights, 0), [-1, ...Array<number>(x.rank - 1).fill(1)]);
  return where(mask, x, zerosLike(x));
}
