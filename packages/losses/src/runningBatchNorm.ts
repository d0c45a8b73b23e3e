import {
  add,
  moments,
  mul,
  ones,
  rsqrt,
  sub,
  type Tensor,
  tidy,
  variable,
  type Variable,
  zeros,
} from '@tensorflow/tfjs-core';
import { type Parameters } from '@tfjs-distill/core';
import { noGrad } from './noGrad.js';

export const BATCH_NORM_EPSILON = 1e-5;
/** How much of the old averages a batch leaves. */
const MOMENTUM = 0.9;

/** Batch normalisation of a part that goes on to be used when training is over, by its running averages. */
export interface RunningBatchNorm {
  /** By the batch's own statistics, which the averages take note of. Couples the batch's samples. */
  train(x: Tensor): Tensor;
  /** By the running averages. */
  infer(x: Tensor): Tensor;
  /** Scale, offset, mean and variance, `[channels]` each, in the order of a layers model. */
  readonly weights: readonly Variable[];
  /** The running averages. */
  readonly state: readonly Variable[];
  dispose(): void;
}

/**
 * Batch normalisation over everything but the channels, with running averages.
 *
 * @param parameters Takes scale and offset, which are trained; the averages are freed by `dispose`.
 *
 * @see Ioffe, Szegedy, "Batch Normalization", https://arxiv.org/abs/1502.03167 (2015)
 */
export function runningBatchNorm(parameters: Parameters, channels: number, name: string): RunningBatchNorm {
  const gamma = parameters.constant(`${name}/gamma`, [channels], 1);
  const beta = parameters.constant(`${name}/beta`, [channels], 0);
  const mean = tidy(() => variable(zeros([channels]), false));
  const variance = tidy(() => variable(ones([channels]), false));
  const normalize = (x: Tensor, center: Tensor, spread: Tensor) =>
    add(mul(sub(x, center), mul(rsqrt(add(spread, BATCH_NORM_EPSILON)), gamma)), beta);
  const follow = (average: Variable, now: Tensor) =>
    average.assign(noGrad(() => add(mul(average, MOMENTUM), mul(now, 1 - MOMENTUM))));
  return {
    train: (x) => {
      const batch = moments(x, x.shape.slice(0, -1).map((_, axis) => axis)); // prettier-ignore
      follow(mean, batch.mean);
      follow(variance, batch.variance);
      return normalize(x, batch.mean, batch.variance);
    },
    infer: (x) => normalize(x, mean, variance),
    weights: [gamma, beta, mean, variance],
    state: [mean, variance],
    dispose: () => {
      mean.dispose();
      variance.dispose();
    },
  };
}
