import { sameHeader, type StoredFiles } from '@tfjs-distill/core';
import pLimit from 'p-limit';
import { existsAlready } from '../label/StoreTarget.js';
import { mergeStoredShards } from '../label/mergeShards.js';
import { connectRedis } from './connectRedis.js';
import { feedShards } from './feedShards.js';
import { type LabellingPlan, planId, shardCount } from './LabellingPlan.js';
import { progressMetrics } from './metrics/progressMetrics.js';
import { serveMetrics } from './metrics/serveMetrics.js';
import { openPlace } from './place/openPlace.js';
import { type ShardPlace } from './place/ShardPlace.js';
import { removePlan } from './plans.js';
import { type QueueProgress } from './QueueProgress.js';
import { redisNotices } from './redisNotices.js';

/** Shards that are looked up at once. */
const AT_ONCE = 16;

export interface QueueOptions {
  /** Address of the Redis, such as `redis://host:6379`. */
  readonly queue: string;
  /** How often a shard is tried before it is given up. Default 5. */
  readonly attempts?: number | undefined;
  /** Shards that are on the queue at once, under way or waiting: what Redis must hold. Default 2048. */
  readonly maxQueued?: number | undefined;
  /** Leaves the shards beside the whole store. Default false. */
  readonly keepShards?: boolean | undefined;
  /** Port of Prometheus metrics. Default none. */
  readonly metricsPort?: number | undefined;
  /** Stops waiting. Workers go on with what is on the queue; the same call goes on later. */
  readonly signal?: AbortSignal | undefined;
  /** Called every second. */
  readonly onProgress?: ((progress: QueueProgress) => void) | undefined;
  /** Told in one line if Redis does not answer. */
  readonly onNotice?: ((line: string) => void) | undefined;
}

export interface QueueReport {
  /** Where the whole store is. */
  readonly store: string;
  readonly samples: number;
  readonly shards: number;
  /** Shards that were there before. */
  readonly already: number;
  /** Whether all is labelled and put together; else the same call goes on. */
  readonly finished: boolean;
}

/**
 * Has a data set labelled by the workers of a queue, and puts their shards together into one store.
 *
 * Shards are named by what they are of: interrupted at any moment, the same call goes on where it was. Shards that are
 * done are known by what lies at the labelling's place, not by what the queue says.
 *
 * @param plan See `planLabelling`.
 * @throws DistillError `TEACHER` without `bullmq`, `ioredis` or `prom-client`; `DATA` if no Redis answers, a shard
 *   failed too often, there is another store already, or the place can't be written.
 * @example
 * const { plan } = await planLabelling({ teacher: 'resnet.onnx', data: 'cifar10', out: 's3://labels/cifar10' });
 * await labelOnQueue(plan, { queue: 'redis://10.0.0.5:6379' });
 */
export async function labelOnQueue(plan: LabellingPlan, options: QueueOptions): Promise<QueueReport> {
  const place = await openPlace(plan, planId(plan));
  const shards = shardCount(plan);
  const report = { store: place.name, samples: plan.samples, shards };
  if (await isThere(plan, place)) {
    if (!options.keepShards) await place.clear();
    return { ...report, already: shards, finished: true };
  }
  const redis = await connectRedis(options.queue);
  const onError = redisNotices(redis, options.onNotice ?? (() => undefined));
  const server = await progressServer(options);
  try {
    await place.announce();
    const already = (await place.completed()).size;
    const { attempts = 5, maxQueued = 2048, signal } = options;
    const { onProgress } = server;
    const feed = { attempts, maxQueued, signal, onProgress, onError };
    const finished = await feedShards(redis, plan, place, feed);
    if (finished) {
      await mergeStoredShards(await allShards(place, shards), place.target);
      await removePlan(redis, planId(plan));
      if (!options.keepShards) await place.clear();
    }
    return { ...report, already, finished };
  } finally {
    server.close();
    redis.disconnect();
  }
}

async function allShards(place: ShardPlace, count: number): Promise<readonly StoredFiles[]> {
  const limit = pLimit(AT_ONCE);
  return Promise.all(Array.from({ length: count }, (_, i) => limit(() => place.shard(i + 1))));
}

/** @throws DistillError `DATA` if something else is there. */
async function isThere({ header, samples }: LabellingPlan, place: ShardPlace): Promise<boolean> {
  const merged = await place.merged();
  if (merged === undefined) return false;
  const stored = merged.shards?.reduce((sum, shard) => sum + shard.samples, 0);
  if (sameHeader(merged.header, header) && stored === samples) return true;
  throw existsAlready(place.name);
}

/** Serves the latest progress, where a port is given. */
async function progressServer({ metricsPort, onProgress }: QueueOptions) {
  let latest: QueueProgress | undefined;
  const text = async () => (latest === undefined ? '' : progressMetrics(latest));
  const server = metricsPort === undefined ? undefined : await serveMetrics(metricsPort, text);
  return {
    onProgress: (progress: QueueProgress) => {
      latest = progress;
      onProgress?.(progress);
    },
    close: () => server?.close(),
  };
}
