import { add, div, max, maximum, min, mul, softmax, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { type Distribution } from './softened.js';

/** A sum that is divided by or whose logarithm is taken must not be 0. */
const TINY = 1e-37;

/**
 * `softmax(logits)` over some of the classes; 0 for all others. Where no class is kept, everything is 0
 * and nothing infinite.
 *
 * @param logits `[…batch, classes]`, divided by their temperature.
 * @param kept 1 for the classes that take part, 0 for the others, `[…batch, classes]`.
 * @param left The others, if they are at hand: `1 − kept`.
 *
 * @example
 * softenedOver(tensor2d([[5, 0, 0]]), tensor2d([[0, 1, 1]])).probs; // [[0, 0.5, 0.5]]
 */
export function softenedOver(logits: Tensor, kept: Tensor, left = sub(1, kept)): Distribution {
  // the smallest of all in place of what is left out: never above a kept one
  const filled = add(mul(logits, kept), mul(min(logits, -1, true), left));
  const all = softmax(filled);
  const part = mul(all, kept);
  const total = maximum(sum(part, -1, true), TINY);
  return {
    probs: div(part, total),
    largest: max(filled, -1, true),
    peak: div(max(all, -1, true), total),
  };
}
