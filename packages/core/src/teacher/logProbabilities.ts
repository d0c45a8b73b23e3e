import { clipByValue, log, type Tensor } from '@tensorflow/tfjs-core';

/** Logits of probabilities: softmax(log p / T) is what softmax(z / T) was, for only a constant per sample is lost. */
export function logProbabilities(probabilities: Tensor): Tensor {
  return log(clipByValue(probabilities, 1e-37, 1));
}
