import { expected } from '@tfjs-distill/core';
import { connectRedis, withoutPassword } from './connectRedis.js';
import { serveMetrics } from './metrics/serveMetrics.js';
import { type LocalPlaces } from './OpenedLabellings.js';
import { sendReports } from './sendReports.js';
import { ShardWorker } from './ShardWorker.js';

export interface WorkerOptions extends LocalPlaces {
  /** Address of the Redis, such as `redis://host:6379`. */
  readonly queue: string;
  /** Shards under way at once. More than 1 only helps with a teacher on a server. Default 1. */
  readonly concurrency?: number | undefined;
  /** Seconds without a sign of life after which another worker takes a shard. Default 30. */
  readonly lockSeconds?: number | undefined;
  /** How often a shard may lose its worker before it is given up: it may be what kills them. Default 5. */
  readonly maxStalls?: number | undefined;
  /** Ends after so many seconds without a shard. Default never. */
  readonly idleSeconds?: number | undefined;
  /** Port of Prometheus metrics. Default none. */
  readonly metricsPort?: number | undefined;
  /** Gives back the running shards and ends. */
  readonly signal?: AbortSignal | undefined;
  /** Told in one line each: that it begins, shards that end or fail, a Redis that does not answer. */
  readonly onNotice?: ((line: string) => void) | undefined;
}

export interface WorkerSummary {
  /** Labelled by this worker. */
  readonly shards: number;
  readonly rows: number;
}

/**
 * Takes shards off a queue and labels them, until it is told to end.
 *
 * A shard is locked while it is under way; where a worker stops renewing its lock, others take the shard. It is left at
 * the labelling's place whole or not at all, and once.
 *
 * @returns What it did.
 * @throws DistillError `TEACHER` without `bullmq`, `ioredis` or `prom-client`; `DATA` if no Redis answers, or teacher
 *   or data can't be opened here: the shard is left to other workers then.
 * @example
 * const { rows } = await runWorker({ queue: 'redis://10.0.0.5:6379', idleSeconds: 60 });
 */
export async function runWorker(options: WorkerOptions): Promise<WorkerSummary> {
  const { concurrency = 1, lockSeconds = 30, idleSeconds = Infinity, signal, metricsPort } = options;
  for (const [name, value] of Object.entries({ concurrency, lockSeconds, idleSeconds }))
    if (!(value > 0)) throw expected(name, 'a number above 0', value, { where: 'runWorker' });
  const redis = await connectRedis(options.queue);
  const worker = new ShardWorker(redis, options);
  const { state } = worker;
  options.onNotice?.(`${state.host}:${process.pid} takes shards from ${withoutPassword(options.queue)}`);
  const end = () => worker.end();
  signal?.addEventListener('abort', end);
  if (signal?.aborted) end();
  const idle = setInterval(() => state.idleFor() > idleSeconds && end(), 200);
  const reports = sendReports(redis, state);
  try {
    const metrics = () => state.metrics.registry.metrics();
    const server = metricsPort === undefined ? undefined : await serveMetrics(metricsPort, metrics);
    await worker.run().finally(() => server?.close());
    return state.summary();
  } finally {
    signal?.removeEventListener('abort', end);
    clearInterval(idle);
    await reports.stop();
    redis.disconnect();
  }
}
