import { add, moments, mul, rsqrt, sub, type Tensor } from '@tensorflow/tfjs-core';
import { type Parameters } from './Parameters.js';

const EPSILON = 1e-5;

/**
 * Batch normalisation over everything but the channels, by the batch's own statistics: what is trained
 * beside a student runs in training alone, so there is no running average. Couples the batch's samples.
 *
 * @param parameters Takes scale and offset, which start at 1 and 0.
 * @returns A function from `[batch, …sizes, channels]` to the same shape.
 *
 * @see Ioffe, Szegedy, "Batch Normalization", https://arxiv.org/abs/1502.03167 (2015)
 */
export function batchNormalize(parameters: Parameters, channels: number, name = ''): (x: Tensor) => Tensor {
  const gamma = parameters.constant(`${name}gamma`, [channels], 1);
  const beta = parameters.constant(`${name}beta`, [channels], 0);
  return (x) => {
    const axes = x.shape.slice(0, -1).map((_, axis) => axis);
    const { mean, variance } = moments(x, axes);
    return add(mul(sub(x, mean), mul(rsqrt(add(variance, EPSILON)), gamma)), beta);
  };
}
