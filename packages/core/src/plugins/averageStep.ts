import { add, mul, type Tensor, tidy } from '@tensorflow/tfjs-core';

/**
 * One step of an exponential moving average: `decay · average + (1 − decay) · value`.
 *
 * @param decay From 0 to 1.
 * @returns New tensors in the same order; the caller owns them.
 * @example
 * averageStep([scalar(1)], [scalar(2)], 0.9); // [1.1]
 */
export function averageStep(averages: readonly Tensor[], values: readonly Tensor[], decay: number): Tensor[] {
  return averages.map((average, i) =>
    tidy(() => add(mul(average, decay), mul(values[i] as Tensor, 1 - decay))),
  );
}

/** Decay of one step: rises with the steps, so that the start is forgotten. `decayAt(0.999, 0)` is 0.1. */
export const decayAt = (decay: number, step: number): number => Math.min(decay, (1 + step) / (10 + step));
