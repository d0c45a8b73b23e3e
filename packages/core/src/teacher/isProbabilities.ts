import { type Tensor } from '@tensorflow/tfjs-core';

/** How far the sum of a row may be from 1: half precision rounds a thousand classes to about this. */
const TOLERANCE = 2e-3;

/**
 * Whether every row of an output, `[…batch, classes]`, is a distribution: from 0 to 1 and of sum 1.
 *
 * Logits are so only by an accident that no second row repeats.
 */
export async function isProbabilities(output: Tensor): Promise<boolean> {
  const values = await output.data();
  const classes = output.shape.at(-1) ?? 0;
  if (values.length === 0 || classes === 0) return false;
  for (let start = 0; start < values.length; start += classes) {
    let total = 0;
    for (let i = start; i < start + classes; i++) {
      const value = values[i] as number;
      if (!(value >= 0 && value <= 1 + TOLERANCE)) return false;
      total += value;
    }
    if (Math.abs(total - 1) > TOLERANCE) return false;
  }
  return true;
}
