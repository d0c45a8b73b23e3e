import { div, log, max, softmax, sub, type Tensor } from '@tensorflow/tfjs-core';

/** A distribution over classes. */
export interface Distribution {
  /** `[…batch, classes]`. */
  readonly probs: Tensor;
  /** `log Σ exp(logits)`, `[…batch, 1]`: a log-probability is the logit less this. */
  readonly logSumExp: Tensor;
}

/** All of a distribution; the log-probabilities are computed when they are asked for. */
export interface SoftDistribution extends Distribution {
  /** `[…batch, classes]`. */
  readonly logProbs: Tensor;
}

/**
 * `softmax(logits / temperature)` and its logarithm, in log space and few kernels.
 *
 * @param logits Unscaled, `[…batch, classes]`.
 * @param temperature Above 0; 1 leaves the distribution as it is, more flattens it.
 *
 * @example
 * softened(tensor2d([[0, Math.log(9)]]), 2).probs; // [[0.25, 0.75]]
 */
export function softened(logits: Tensor, temperature = 1): SoftDistribution {
  const scaled = temperature === 1 ? logits : div(logits, temperature);
  const probs = softmax(scaled);
  // the largest probability is exp(largest logit − logSumExp), and at least 1 / classes
  const logSumExp = sub(max(scaled, -1, true), log(max(probs, -1, true)));
  return {
    probs,
    logSumExp,
    get logProbs() {
      return sub(scaled, logSumExp);
    },
  };
}
