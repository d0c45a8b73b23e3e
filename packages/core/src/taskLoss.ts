import {
  cast,
  div,
  maximum,
  mul,
  neg,
  oneHot,
  type Scalar,
  sum,
  type Tensor,
  logSoftmax,
} from '@tensorflow/tfjs-core';
import { shapeMismatch } from './errors.js';

/** The task's own loss of a batch, from labels and logits. */
export type TaskLoss = (labels: Tensor, logits: Tensor) => Scalar;

/**
 * Cross-entropy from logits, the mean over the labelled samples: `−Σ y · log softmax(z) / labelled`.
 *
 * @param labels Class numbers `[…batch]`, −1 where a sample has no label, or distributions `[…batch, classes]`.
 * @param logits Unscaled, `[…batch, classes]`.
 * @returns Non-negative scalar, 0 if no sample is labelled; belongs to the caller's `tidy`.
 * @throws DistillError if the two do not fit.
 *
 * @example
 * crossEntropy(tensor1d([0], 'int32'), tensor2d([[0, 0]])); // log 2 = 0.6931
 */
export function crossEntropy(labels: Tensor, logits: Tensor): Scalar {
  const classes = logits.shape.at(-1) ?? 0;
  const targets = labels.rank === logits.rank ? labels : oneHot(cast(labels, 'int32'), classes);
  if (targets.shape.join() !== logits.shape.join()) {
    throw shapeMismatch('labels and logits that fit', { labels: labels.shape, logits: logits.shape });
  }
  const weights = cast(targets, 'float32'); // a class number of −1 has no 1 in its row
  const labelled = maximum(sum(weights), 1);
  return div(neg(sum(mul(weights, logSoftmax(logits)))), labelled);
}
