import { cast, mean, oneHot, type Scalar, squaredDifference, type Tensor } from '@tensorflow/tfjs-core';

/**
 * A task's loss that regresses the labels: `mean (z − y)²`, as `torch.nn.MSELoss`.
 *
 * @param labels Class numbers `[…batch]`, which become one-hot, or values `[…batch, classes]`.
 * @param logits `[…batch, classes]`.
 * @returns Non-negative scalar; belongs to the caller's `tidy`.
 *
 * @example
 * squaredError(tensor1d([1], 'int32'), tensor2d([[0, 3]])); // (0 + 4) / 2 = 2
 */
export function squaredError(labels: Tensor, logits: Tensor): Scalar {
  const hard = labels.rank < logits.rank;
  const targets = hard ? oneHot(cast(labels, 'int32'), logits.shape.at(-1) ?? 1) : labels;
  return mean(squaredDifference(logits, cast(targets, 'float32')));
}
