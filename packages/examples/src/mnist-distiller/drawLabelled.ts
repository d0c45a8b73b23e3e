import { shuffledIndices } from '@tfjs-distill/core';

/**
 * Draws the few images whose labels the student may see: an equal share of every class.
 *
 * @param labels Class of every image.
 * @param count How many to draw in all, rounded down to the same number of each class; all images if
 *   there are no more.
 * @returns Their indices.
 * @example
 * drawLabelled(Int32Array.of(0, 1, 0, 1, 1), 2, 7); // one index of class 0, one of class 1
 */
export function drawLabelled(labels: Int32Array, count: number, seed: number): Int32Array {
  const order = shuffledIndices(labels.length, seed, 0);
  if (count >= labels.length) return order;
  const share = Math.floor(count / new Set(labels).size);
  const drawn = new Map<number, number>();
  return order.filter((i) => {
    const label = labels[i] ?? -1;
    const before = drawn.get(label) ?? 0;
    drawn.set(label, before + 1);
    return before < share;
  });
}
