import { clipByValue, mul, sub, type Tensor } from '@tensorflow/tfjs-core';

/** Smooth L1 of each difference, and its derivative. */
export interface SmoothL1 {
  readonly value: Tensor;
  readonly slope: Tensor;
}

/**
 * Smooth L1 (Huber's with `β = 1`): `½ δ²` where `|δ| < 1`, else `|δ| − ½`; its slope is `δ` clipped to ±1.
 *
 * @returns Both of the shape of `difference`; belong to the caller's `tidy`.
 *
 * @example
 * smoothL1(tensor1d([0.5, -3])); // value [0.125, 2.5], slope [0.5, -1]
 */
export function smoothL1(difference: Tensor): SmoothL1 {
  const slope = clipByValue(difference, -1, 1);
  return { value: mul(slope, sub(difference, mul(slope, 0.5))), slope };
}
