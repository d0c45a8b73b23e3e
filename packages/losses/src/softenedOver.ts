import {
  add,
  cast,
  div,
  exp,
  log,
  max,
  maximum,
  min,
  minimum,
  mul,
  sub,
  sum,
  type Tensor,
  where,
} from '@tensorflow/tfjs-core';
import { type Distribution } from './softened.js';

/** A sum that is divided by or whose logarithm is taken must not be 0. */
const TINY = 1e-37;

export interface PartialDistribution extends Distribution {
  /** Logarithm of the sum of the kept `exp(logits / T)`, `[…batch, 1]`. */
  readonly logSumExp: Tensor;
}

/**
 * `softmax(logits / temperature)` over some of the classes, in log space; 0 for all others,
 * probability and logarithm alike. Where no class is kept, everything is 0 and nothing infinite.
 *
 * @param logits `[…batch, classes]`.
 * @param kept 1 for the classes that take part, 0 for the others, `[…batch, classes]`.
 *
 * @example
 * softenedOver(tensor2d([[5, 0, 0]]), tensor2d([[0, 1, 1]]), 1).probs; // [[0, 0.5, 0.5]]
 */
export function softenedOver(logits: Tensor, kept: Tensor, temperature: number): PartialDistribution {
  const scaled = div(logits, temperature);
  // the smallest of all in place of what is left out: never above a kept one
  const largest = max(where(cast(kept, 'bool'), scaled, min(scaled, -1, true)), -1, true);
  const shifted = minimum(sub(scaled, largest), 0);
  const parts = mul(exp(shifted), kept);
  const total = maximum(sum(parts, -1, true), TINY);
  return {
    logProbs: mul(sub(shifted, log(total)), kept),
    probs: div(parts, total),
    logSumExp: add(largest, log(total)),
  };
}
