import { add, div, log, max, softmax, sub, type Tensor } from '@tensorflow/tfjs-core';

/** A distribution over classes, and what its logarithms are made of. */
export interface Distribution {
  /** `[…batch, classes]`. */
  readonly probs: Tensor;
  /** The largest logit, `[…batch, 1]`. */
  readonly largest: Tensor;
  /** Its probability, `[…batch, 1]`: never so small that it has no logarithm. */
  readonly peak: Tensor;
}

/**
 * `softmax(logits)` in few kernels, with what gives its logarithms without loss.
 *
 * @param logits `[…batch, classes]`, divided by their temperature.
 *
 * @example
 * softened(tensor2d([[0, Math.log(3)]])).probs; // [[0.25, 0.75]]
 */
export function softened(logits: Tensor): Distribution {
  const probs = softmax(logits);
  return { probs, largest: max(logits, -1, true), peak: max(probs, -1, true) };
}

/** `log Σ exp(logits)`, `[…batch, 1]`: a log-probability is the logit less this. */
export function logSumExpOf({ largest, peak }: Distribution): Tensor {
  return sub(largest, log(peak)); // the peak is exp(largest − logSumExp)
}

/** `logSumExpOf(a) − logSumExpOf(b)`, exactly 0 for equal ones. */
export function logSumExpBetween(a: Distribution, b: Distribution): Tensor {
  return add(sub(a.largest, b.largest), log(div(b.peak, a.peak)));
}
