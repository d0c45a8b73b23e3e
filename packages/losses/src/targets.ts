import { argMax, cast, greater, max, oneHot, sum, type Tensor } from '@tensorflow/tfjs-core';
import { shapeMismatch } from '@tfjs-distill/core';
import { assertTensors } from './checks.js';

/** Refuses labels that do not fit the logits: class numbers `[…batch]`, or distributions `[…batch, classes]`. */
export function assertLabels(labels: Tensor, logits: Tensor, where: string): void {
  assertTensors({ labels }, { where, hint: 'The method needs the true class of each sample.' });
  const fitting = isSoft(labels, logits) ? logits.shape : logits.shape.slice(0, -1);
  if (labels.shape.join() === fitting.join()) return;
  throw shapeMismatch(
    'labels that fit the logits',
    { labels: labels.shape, logits: logits.shape },
    { where },
  );
}

/**
 * 1 at the true class, else 0; a row of zeros where a class number is none. Of soft labels the most
 * likely class is the true one.
 *
 * @param labels Class numbers `[…batch]`, −1 where there is no label, or distributions `[…batch, classes]`.
 * @param logits `[…batch, classes]`; only the shape matters.
 * @returns Float32 `[…batch, classes]`; belongs to the caller's `tidy`.
 *
 * @example
 * targetMask(tensor1d([1, -1], 'int32'), logits); // [[0, 1, 0], [0, 0, 0]]
 */
export function targetMask(labels: Tensor, logits: Tensor): Tensor {
  const numbers = isSoft(labels, logits) ? argMax(labels, -1) : wholeNumbers(labels);
  // not oneHot's own dtype argument: on WebAssembly a float32 one is written as an integer's bits
  return cast(oneHot(numbers, logits.shape.at(-1) ?? 0), 'float32');
}

/**
 * 1 for samples with a label, else 0, `[…batch, 1]`.
 *
 * @param mask Their `targetMask`.
 */
export function labelledMask(labels: Tensor, mask: Tensor): Tensor {
  return isSoft(labels, mask) ? cast(greater(max(labels, -1, true), 0), 'float32') : sum(mask, -1, true);
}

function wholeNumbers(labels: Tensor): Tensor {
  return labels.dtype === 'int32' ? labels : cast(labels, 'int32');
}

function isSoft(labels: Tensor, logits: Tensor): boolean {
  return labels.rank === logits.rank;
}
