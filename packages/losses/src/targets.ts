import { argMax, cast, greater, greaterEqual, max, mul, oneHot, type Tensor } from '@tensorflow/tfjs-core';
import { shapeMismatch } from '@tfjs-distill/core';
import { assertTensors } from './checks.js';

/** Labels as a loss needs them. */
export interface Targets {
  /** 1 at the true class, else 0, `[…batch, classes]`. A row of zeros where a sample has no label. */
  readonly mask: Tensor;
  /** Weight of each sample, `[…batch]`: the one given, and 0 where there is no label. */
  readonly weights: Tensor;
}

/**
 * The true class of each sample. Of soft labels it is the most likely class.
 *
 * @param labels Class numbers `[…batch]`, −1 where there is no label, or distributions `[…batch, classes]`.
 * @param logits `[…batch, classes]`; only the shape matters.
 * @param weights `[…batch]`, ≥ 0. Default 1.
 * @returns Constants; belong to the caller's `tidy`.
 * @throws DistillError if labels and logits do not fit.
 *
 * @example
 * targetsOf(tensor1d([1, -1], 'int32'), logits).mask; // [[0, 1, 0], [0, 0, 0]]
 */
export function targetsOf(
  labels: Tensor,
  logits: Tensor,
  weights: Tensor | undefined,
  where: string,
): Targets {
  assertTensors({ labels }, { where, hint: 'The method needs the true class of each sample.' });
  const classes = logits.shape.at(-1) ?? 0;
  const soft = labels.rank === logits.rank;
  const fitting = soft ? logits.shape : logits.shape.slice(0, -1);
  if (labels.shape.join() !== fitting.join()) {
    throw shapeMismatch(
      'labels that fit the logits',
      { labels: labels.shape, logits: logits.shape },
      { where },
    );
  }
  const numbers = soft ? argMax(labels, -1) : cast(labels, 'int32');
  const labelled = soft ? greater(max(labels, -1), 0) : greaterEqual(labels, 0);
  const known = cast(labelled, 'float32');
  return {
    mask: cast(oneHot(numbers, classes), 'float32'),
    weights: weights === undefined ? known : mul(known, weights),
  };
}
