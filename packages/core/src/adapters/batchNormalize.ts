import {
  add,
  cast,
  div,
  greater,
  maximum,
  mul,
  reshape,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { type Parameters } from './Parameters.js';

const EPSILON = 1e-5;

/**
 * Batch normalisation over everything but the channels, by the batch's own statistics: what is trained
 * beside a student runs in training alone, so there is no running average. Couples the batch's samples.
 *
 * @param parameters Takes scale and offset, which start at 1 and 0.
 * @returns A function from `[batch, …sizes, channels]` to the same shape; samples of weight 0 count for nothing.
 *
 * @see Ioffe, Szegedy, "Batch Normalization", https://arxiv.org/abs/1502.03167 (2015)
 */
export function batchNormalize(
  parameters: Parameters,
  channels: number,
  name = '',
): (x: Tensor, weights?: Tensor) => Tensor {
  const gamma = parameters.constant(`${name}gamma`, [channels], 1);
  const beta = parameters.constant(`${name}beta`, [channels], 0);
  return (x, weights) => {
    const mean = meanOf(x, weights);
    const centred = sub(x, mean);
    const variance = meanOf(square(centred), weights);
    return add(mul(centred, mul(rsqrt(add(variance, EPSILON)), gamma)), beta);
  };
}

/** Mean of each channel over the samples that weigh anything. */
function meanOf(x: Tensor, weights: Tensor | undefined): Tensor {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const positions = x.shape.slice(1, -1).reduce((size, length) => size * length, 1);
  if (weights === undefined) return div(sum(x, axes), (x.shape[0] ?? 1) * positions);
  const present = cast(greater(weights, 0), 'float32');
  const masked = mul(x, reshape(present, [-1, ...Array<number>(x.rank - 1).fill(1)]));
  return div(sum(masked, axes), mul(maximum(sum(present), 1), positions));
}
