import { setTimeout as pause } from 'node:timers/promises';
import { DistillError } from '@tfjs-distill/core';
import { type Redis } from 'ioredis';
import { type LabellingPlan, shardCount } from './LabellingPlan.js';
import { type ShardPlace } from './place/ShardPlace.js';
import { type QueueProgress, queueProgress, type Seen } from './QueueProgress.js';
import { type FeedOptions, ShardFeed } from './ShardFeed.js';

/** Milliseconds between looks at the queue. */
const LOOK_EVERY = 1000;
/** Shards that fail for good before a labelling ends: so many are no accident. */
const GIVE_UP = 10;

export interface WatchedFeed extends FeedOptions {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: QueueProgress) => void;
}

/**
 * Keeps the queue filled with what is not done yet until all is done.
 *
 * @returns False if the signal ended it.
 * @throws DistillError `DATA` if shards failed as often as they may.
 */
export async function feedShards(
  redis: Redis,
  plan: LabellingPlan,
  place: ShardPlace,
  options: WatchedFeed,
): Promise<boolean> {
  const { signal, onProgress } = options;
  const leave = () => redis.disconnect(); // else a Redis that is gone would be waited for
  signal?.addEventListener('abort', leave);
  const feed = new ShardFeed(redis, plan, place, options);
  try {
    await feed.forgetFailures();
    while (!signal?.aborted) {
      const seen = await feed.look();
      onProgress(queueProgress(plan, seen));
      if (seen.done.size === shardCount(plan)) return true;
      assertHope(plan, seen);
      await feed.fill(seen);
      await pause(LOOK_EVERY, undefined, { signal });
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    signal?.removeEventListener('abort', leave);
    await feed.close();
  }
  return false;
}

function assertHope(plan: LabellingPlan, { done, failed }: Seen): void {
  const [first] = failed;
  if (first === undefined) return;
  if (failed.size < GIVE_UP && done.size + failed.size < shardCount(plan)) return;
  const [shard, reason] = first;
  throw new DistillError(
    'DATA',
    `${failed.size} of ${shardCount(plan)} shards failed as often as they may, shard ${shard} for: ${reason}`,
    { hint: 'Mend that and start the same command again: what is done stays.' },
  );
}
