import { div, exp, logSoftmax, type Tensor } from '@tensorflow/tfjs-core';

/** A distribution over classes, `[…batch, classes]`. */
export interface Distribution {
  readonly logProbs: Tensor;
  readonly probs: Tensor;
}

/**
 * `softmax(logits / temperature)` and its logarithm, computed in log space.
 *
 * @param logits Unscaled, `[…batch, classes]`.
 * @param temperature Above 0; 1 leaves the distribution as it is, more flattens it.
 *
 * @example
 * softened(tensor2d([[0, Math.log(9)]]), 2).probs; // [[0.25, 0.75]]
 */
export function softened(logits: Tensor, temperature: number): Distribution {
  const logProbs = logSoftmax(temperature === 1 ? logits : div(logits, temperature));
  return { logProbs, probs: exp(logProbs) };
}
