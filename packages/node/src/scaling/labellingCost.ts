import { type LabellingParts } from './Parts.js';
import { type Prediction, sum } from './Prediction.js';

export interface LabellingWork {
  readonly samples: number;
  readonly workers: number;
  /** Workers that run at full speed at once; more share it. Default all. For one machine: its cores. */
  readonly slots?: number | undefined;
}

/**
 * Time of labelling on a queue.
 *
 * `S = ⌈N/s⌉` shards of `s` samples go to `W` workers; the busiest takes `⌈S/W⌉` of them:
 * `t = t₀ + max(⌈S/W⌉ · (s · (t_teacher + t_write) + t_shard), S · t_queue) + N · t_merge`.
 * The start `t₀`, one shard and the merge stay, however many workers there are: as W → ∞, `t → t₀ + max(one shard,
 * S · t_queue) + N · t_merge`.
 *
 * @param samples N ≥ 1.
 * @param workers W ≥ 1.
 * @example
 * // 1 ms a sample, 10,000 samples a shard, 20 ms a shard, merged in 1 µs a sample, 5 s to start
 * labellingCost(parts, { samples: 1e8, workers: 100 }).seconds; // 1,107: 5 + 100 · (10,000 · 1 ms + 20 ms) + 100
 */
export function labellingCost(parts: LabellingParts, work: LabellingWork): Prediction {
  const seconds = sum(labellingSpent(parts, work));
  const alone = sum(labellingSpent(parts, { samples: work.samples, workers: 1 }));
  const { merging = 0, ...together } = labellingSpent(parts, work);
  return {
    workers: work.workers,
    samples: work.samples,
    seconds,
    spent: labellingSpent(parts, work),
    workerSeconds: work.workers * sum(together) + merging, // the others have gone when one merges
    efficiency: alone / (work.workers * seconds),
  };
}

/** Parts that more workers shorten. */
export const SHARED_LABELLING = ['the teacher', 'writing rows', 'beginning shards'] as const;

function labellingSpent(
  parts: LabellingParts,
  { samples, workers, slots = Infinity }: LabellingWork,
): Record<string, number> {
  const { teacherSeconds, writeSeconds, shardSeconds, queueSeconds, mergeSeconds, startSeconds } = parts;
  const shardSamples = Math.min(parts.shardSamples, samples);
  const shards = Math.ceil(samples / shardSamples);
  const slower = Math.max(1, Math.min(workers, shards) / slots);
  const shared = {
    'the teacher': (samples * teacherSeconds * slower) / workers,
    'writing rows': (samples * writeSeconds * slower) / workers,
    'beginning shards': (shards * shardSeconds * slower) / workers,
  };
  const oneShard = (shardSamples * (teacherSeconds + writeSeconds) + shardSeconds) * slower;
  const busiest = Math.ceil(shards / workers) * oneShard;
  return {
    ...shared,
    'the start': startSeconds,
    'uneven shards': Math.max(0, busiest - sum(shared)),
    'the queue': Math.max(0, shards * queueSeconds - busiest),
    merging: samples * mergeSeconds,
  };
}
