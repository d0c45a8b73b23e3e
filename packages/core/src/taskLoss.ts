import {
  cast,
  div,
  expandDims,
  greater,
  logSoftmax,
  mul,
  neg,
  oneHot,
  type Scalar,
  sum,
  type Tensor,
  where,
} from '@tensorflow/tfjs-core';
import { shapeMismatch } from './errors.js';

/** The task's own loss of a batch, from labels, logits and, where the batch has them, sample weights. */
export type TaskLoss = (labels: Tensor, logits: Tensor, weights?: Tensor) => Scalar;

/**
 * Cross-entropy from logits, the weighted mean over the labelled samples:
 * `−Σ w · y · log softmax(z) / Σ w · y`.
 *
 * @param labels Class numbers `[…batch]`, −1 where a sample has no label, or distributions `[…batch, classes]`.
 * @param logits Unscaled, `[…batch, classes]`.
 * @param weights `[…batch]`, ≥ 0. Default 1.
 * @returns Non-negative scalar, 0 if no sample is labelled; belongs to the caller's `tidy`.
 * @throws DistillError if the shapes do not fit.
 *
 * @example
 * crossEntropy(tensor1d([0], 'int32'), tensor2d([[0, 0]])); // log 2 = 0.6931
 */
export function crossEntropy(labels: Tensor, logits: Tensor, weights?: Tensor): Scalar {
  const classes = logits.shape.at(-1) ?? 0;
  // a class number of −1 has no 1 in its row
  const targets = labels.rank === logits.rank ? labels : oneHot(cast(labels, 'int32'), classes);
  if (targets.shape.join() !== logits.shape.join()) {
    throw shapeMismatch('labels and logits that fit', { labels: labels.shape, logits: logits.shape });
  }
  const mass = cast(targets, 'float32');
  const weighted = weights === undefined ? mass : mul(mass, expandDims(weights, -1));
  const total = sum(weighted);
  const labelled = where(greater(total, 0), total, 1);
  return div(neg(sum(mul(weighted, logSoftmax(logits)))), labelled);
}
