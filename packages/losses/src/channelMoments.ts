import { div, maximum, mean, mul, reshape, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';

/** What each channel deviates by from its mean over a batch. */
export interface ChannelMoments {
  /** `x − mean`, the shape of `x`. */
  readonly centred: Tensor;
  /** Mean of its square, not corrected for the mean's own estimation, `[channels]`. */
  readonly variance: Tensor;
  readonly mean: Tensor;
}

/**
 * Mean and variance of each channel over samples and positions.
 *
 * @param x `[batch, …sizes, channels]`.
 * @param weights Weight of each sample, `[batch]`. Default 1.
 * @returns Gradients flow through; belongs to the caller's `tidy`.
 *
 * @example
 * channelMoments(tensor2d([[1, 0], [3, 0]])); // mean [2, 0], variance [1, 0]
 */
export function channelMoments(x: Tensor, weights?: Tensor): ChannelMoments {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const average = weights === undefined ? (y: Tensor) => mean(y, axes) : weightedAverage(weights, axes);
  const center = average(x);
  const centred = sub(x, center);
  return { centred, variance: average(square(centred)), mean: center };
}

function weightedAverage(weights: Tensor, axes: number[]): (y: Tensor) => Tensor {
  const shares = div(weights, maximum(sum(weights), SMALLEST)); // nothing but left-out samples: 0, not 0 / 0
  return (y) => {
    const positions = axes.slice(1).reduce((product, axis) => product * (y.shape[axis] ?? 1), 1);
    const share = reshape(shares, [-1, ...Array<number>(y.rank - 1).fill(1)]);
    return div(sum(mul(y, share), axes), positions);
  };
}

const SMALLEST = 1e-12;
