import {
  add,
  div,
  logSumExp,
  maximum,
  mul,
  neg,
  type Scalar,
  sigmoid,
  softplus,
  stack,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { expected, shapeMismatch } from '@tfjs-distill/core';
import { noGrad } from './noGrad.js';
import { withGradient } from './withGradient.js';

export interface NoiseContrastiveOptions {
  /** Samples of the data set that the negatives were drawn from, evenly. */
  readonly samples: number;
  /** `log Z`, a scalar. Default: estimated from these scores, as on the first batch. */
  readonly logPartition?: Tensor | undefined;
  /** 1 for scores that count, else 0, `[batch, negatives]`. Default all do. */
  readonly mask?: Tensor | undefined;
  /** Weight of each sample, `[batch]`, ≥ 0. Default 1. */
  readonly weights?: Tensor | undefined;
}

const SMALLEST = 1e-12;

/**
 * Noise-contrastive estimation: is a score of the sample's own pair, or of one drawn from `samples`?
 *
 * `−log(h⁺ / (h⁺ + c)) − Σ log(c / (h⁻ + c))` per sample with `h = exp(score) / Z` and `c = negatives / samples`, then the
 * mean. In log space: `softplus(log c − log h⁺) + Σ softplus(log h⁻ − log c)`, so that no `ε` is needed.
 *
 * @param positive Score of each sample with its own, `[batch]`.
 * @param negative Scores with others, `[batch, negatives]`.
 * @returns Non-negative scalar; gradients flow to both. The caller owns it.
 * @throws DistillError if the shapes do not fit or `samples` is not above 0.
 *
 * @example
 * // Z = 2 · 1, so h = ½ everywhere and c = ½: log 2 + log 2
 * noiseContrastiveLoss(tensor1d([0]), tensor2d([[0]]), { samples: 2 }); // 1.3863
 *
 * @see Tian, Krishnan, Isola, "Contrastive Representation Distillation", https://arxiv.org/abs/1910.10699 (2020)
 */
export function noiseContrastiveLoss(
  positive: Tensor,
  negative: Tensor,
  { samples, logPartition, mask, weights }: NoiseContrastiveOptions,
): Scalar {
  const [batch, negatives] = check(positive, negative, samples);
  return tidy(() => {
    const partition = logPartition ?? logPartitionOf(positive, negative, samples);
    const offset = add(partition, Math.log(negatives / samples)); // log c + log Z
    const missed = withGradient(positive, (x) => {
      const doubt = sub(offset, x);
      return { value: softplus(doubt), gradient: neg(sigmoid(doubt)) };
    });
    const confused = withGradient(negative, (x) => {
      const belief = sub(x, offset);
      const count = (each: Tensor) => (mask === undefined ? each : mul(each, mask));
      return { value: sum(count(softplus(belief)), 1), gradient: count(sigmoid(belief)) };
    });
    const shares = weights === undefined ? 1 / batch : div(weights, maximum(sum(weights), SMALLEST));
    return sum<Scalar>(mul(add(missed, confused), shares));
  });
}

/**
 * The estimate of `log Z`: `samples` times the mean of `exp(score)`.
 *
 * @returns A constant scalar; belongs to the caller's `tidy`.
 */
export function logPartitionOf(positive: Tensor, negative: Tensor, samples: number): Tensor {
  return noGrad(() => {
    const total = logSumExp(stack([logSumExp(positive), logSumExp(negative)]));
    return add(total, Math.log(samples / (positive.size + negative.size)));
  });
}

function check(positive: Tensor, negative: Tensor, samples: number): [batch: number, negatives: number] {
  const where = 'noiseContrastiveLoss';
  const [batch = 0, negatives = 0] = negative.shape;
  if (positive.rank !== 1 || negative.rank !== 2 || positive.shape[0] !== batch) {
    const shapes = { positive: positive.shape, negative: negative.shape };
    throw shapeMismatch('scores [batch] and [batch, negatives]', shapes, { where });
  }
  if (!(samples > 0)) throw expected('samples', 'a number above 0', samples, { where });
  return [batch, negatives];
}
