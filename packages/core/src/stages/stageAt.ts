/**
 * Which stage an epoch belongs to: a pure function, so that a resumed training and a loop of one's own
 * are where they would have been.
 *
 * @param lengths Epochs of each stage; the last one has no end.
 * @param epoch From 0.
 * @returns Place of the stage, from 0.
 *
 * @example
 * stageAt([2, 3], 1); // 0
 * stageAt([2, 3], 2); // 1
 * stageAt([2, 3], 9); // 1
 */
export function stageAt(lengths: readonly number[], epoch: number): number {
  let end = 0;
  for (const [stage, length] of lengths.slice(0, -1).entries()) {
    end += length;
    if (epoch < end) return stage;
  }
  return Math.max(0, lengths.length - 1);
}
