import { type Queue } from 'bullmq';
import { type Redis } from 'ioredis';
import { type LabellingPlan, planId, shardCount } from './LabellingPlan.js';
import { jobId, PREFIX, QUEUE, type ShardJob } from './names.js';
import { bullmq } from './optionalPackages.js';
import { type ShardPlace } from './place/ShardPlace.js';
import { putPlan, retriesOf } from './plans.js';
import { type Seen } from './QueueProgress.js';
import { readReports } from './WorkerReport.js';

/** Milliseconds after which all is told again: a Redis that was started anew may have forgotten it. */
const TELL_AGAIN = 10_000;
/** Before the second attempt, milliseconds; doubled each time, up to half of it left to chance. */
const BACKOFF = { type: 'exponential', delay: 1000, jitter: 0.5 } as const;

export interface FeedOptions {
  readonly attempts: number;
  readonly maxQueued: number;
  readonly onError: (error: Error) => void;
}

/** The shards of one labelling on the queue. */
export class ShardFeed {
  readonly #redis: Redis;
  readonly #queue: Queue<ShardJob>;
  readonly #plan: LabellingPlan;
  readonly #place: ShardPlace;
  readonly #id: string;
  readonly #options: FeedOptions;
  readonly #told = new Set<number>();
  #done: ReadonlySet<number> = new Set();
  #lookedAt = -Infinity;
  #toldAt = -Infinity;

  constructor(redis: Redis, plan: LabellingPlan, place: ShardPlace, options: FeedOptions) {
    const { Queue } = bullmq();
    this.#redis = redis;
    this.#plan = plan;
    this.#place = place;
    this.#id = planId(plan);
    this.#options = options;
    this.#queue = new Queue<ShardJob>(QUEUE, { connection: redis, prefix: PREFIX });
    this.#queue.on('error', options.onError);
  }

  /** Shards that were given up are tried again: somebody may have mended what was wrong. */
  async forgetFailures(): Promise<void> {
    for (const job of await this.#failed()) await job.remove();
  }

  async look(): Promise<Seen> {
    if (performance.now() - this.#lookedAt >= this.#place.pause) {
      this.#done = await this.#place.completed();
      this.#lookedAt = performance.now();
    }
    const [failed, workers, retries] = await Promise.all([
      this.#failed(),
      readReports(this.#redis),
      retriesOf(this.#redis, this.#id),
    ]);
    const reasons = failed.map(({ data, failedReason }) => [data.shard, failedReason ?? ''] as const);
    const lost = reasons.filter(([shard]) => !this.#done.has(shard));
    return { done: this.#done, failed: new Map(lost), workers, retries };
  }

  /** Puts the next shards on the queue; those that are there already stay as they are. */
  async fill({ done, failed }: Seen): Promise<void> {
    if (performance.now() - this.#toldAt > TELL_AGAIN) {
      await putPlan(this.#redis, this.#plan);
      this.#told.clear();
      this.#toldAt = performance.now();
    }
    const open: number[] = [];
    for (let i = 1; i <= shardCount(this.#plan) && open.length < this.#options.maxQueued; i++)
      if (!done.has(i) && !failed.has(i)) open.push(i);
    const untold = open.filter((shard) => !this.#told.has(shard));
    if (untold.length === 0) return;
    await this.#queue.addBulk(untold.map((shard) => this.#job(shard)));
    for (const shard of untold) this.#told.add(shard);
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }

  #job(shard: number) {
    const data = { labelling: this.#id, shard };
    const { attempts } = this.#options;
    const opts = {
      jobId: jobId(data),
      attempts,
      backoff: BACKOFF,
      removeOnComplete: true,
      stackTraceLimit: 1,
    };
    return { name: 'shard', data, opts };
  }

  async #failed() {
    const jobs = await this.#queue.getFailed();
    return jobs.filter((job) => job?.data.labelling === this.#id);
  }
}
