import { expected } from '@tfjs-distill/core';

/** One of several parts of a data set, each labelled by a machine of its own. */
export interface ShardChoice {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/**
 * Reads `2/4`.
 *
 * @throws DistillError `OPTION` unless it is `i/n` with 1 ≤ i ≤ n.
 */
export function parseShard(text: string): ShardChoice {
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index !== undefined && count !== undefined && index >= 1 && index <= count) return { index, count };
  throw expected('--shard', 'i/n with i from 1 to n, such as 2/4', text);
}

/**
 * The rows of a data set that a shard has: neighbours, so that files are read in order. Every row is in one shard.
 *
 * @example
 * shardRows(10, { index: 2, count: 3 }); // [3, 4, 5]
 */
export function shardRows(samples: number, { index, count }: ShardChoice): Int32Array {
  const start = Math.floor((samples * (index - 1)) / count);
  const end = Math.floor((samples * index) / count);
  return Int32Array.from({ length: end - start }, (_, i) => start + i);
}

/**
 * As `shardRows`, every shard but the last of the same size: of whole batches, a teacher is asked for the same batches
 * as by one process, and answers the same to the bit.
 *
 * @param index From 1.
 * @example
 * blockRows(10, 4, 3); // [8, 9]
 */
export function blockRows(samples: number, size: number, index: number): Int32Array {
  const start = size * (index - 1);
  return Int32Array.from({ length: Math.max(0, Math.min(size, samples - start)) }, (_, i) => start + i);
}
