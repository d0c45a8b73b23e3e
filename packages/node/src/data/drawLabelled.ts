import { shuffledIndices } from '@tfjs-distill/core';

/**
 * Draws samples at random, an equal share of every class.
 *
 * @param labels Class of every sample; samples of −1 are never drawn.
 * @param count How many in all, rounded down to the same number of each class; all labelled ones if there are no more.
 * @returns Their positions.
 * @example
 * drawLabelled(Int32Array.of(0, 1, 0, 1, 1), 2, 7); // one position of class 0, one of class 1
 */
export function drawLabelled(labels: Int32Array, count: number, seed: number): Int32Array {
  const order = shuffledIndices(labels.length, seed, 0).filter((i) => (labels[i] ?? -1) >= 0);
  if (count >= order.length) return order;
  const share = Math.floor(count / new Set(order.map((i) => labels[i] ?? -1)).size);
  const drawn = new Map<number, number>();
  return order.filter((i) => {
    const label = labels[i] ?? -1;
    const before = drawn.get(label) ?? 0;
    drawn.set(label, before + 1);
    return before < share;
  });
}
