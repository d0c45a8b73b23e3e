import { add, argMax, cast, max, mul, oneHot, sub, sum, type Tensor } from '@tensorflow/tfjs-core';

/**
 * Teacher logits in which the largest and the true class have changed places: a wrong teacher is put
 * right and its distribution kept. A sample without a label stays as it is.
 *
 * @param logits `[…batch, classes]`.
 * @param mask 1 at the true class, `[…batch, classes]`; see `targetMask`.
 *
 * @example
 * probabilityShift(tensor2d([[3, 1, 0]]), tensor2d([[0, 1, 0]])); // [[1, 3, 0]]
 *
 * @see Wen, Lai, Qian, "Preparing Lessons: Improve Knowledge Distillation with Better Supervision", https://arxiv.org/abs/1911.07471 (2019)
 */
export function probabilityShift(logits: Tensor, mask: Tensor): Tensor {
  const classes = logits.shape.at(-1) ?? 0;
  const labelled = sum(mask, -1, true);
  const largest = mul(cast(oneHot(argMax(logits, -1), classes), 'float32'), labelled);
  const gap = sub(max(logits, -1, true), sum(mul(logits, mask), -1, true)); // largest less true
  return add(logits, mul(sub(mask, largest), gap));
}
