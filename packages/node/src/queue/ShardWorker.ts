import { DistillError } from '@tfjs-distill/core';
import { type Job, type Worker } from 'bullmq';
import { type Redis } from 'ioredis';
import { aborted } from '../io/aborted.js';
import { shardCount } from './LabellingPlan.js';
import { labelShard, type ShardResult } from './labelShard.js';
import { PREFIX, QUEUE, type ShardJob } from './names.js';
import { type OpenedLabelling, OpenedLabellings } from './OpenedLabellings.js';
import { bullmq } from './optionalPackages.js';
import { countRetry, getPlan } from './plans.js';
import { redisNotices } from './redisNotices.js';
import { type WorkerOptions } from './runWorker.js';
import { WorkerState } from './WorkerState.js';

/** Takes one shard after another off the queue. */
export class ShardWorker {
  readonly state = new WorkerState();
  readonly #redis: Redis;
  readonly #labellings: OpenedLabellings;
  readonly #notice: (line: string) => void;
  readonly #onError: (error: Error) => void;
  readonly #ending = new AbortController();
  readonly #worker: Worker<ShardJob>;
  #unfit: Error | undefined;

  constructor(redis: Redis, options: WorkerOptions) {
    const { concurrency = 1, lockSeconds = 30, maxStalls = 5, onNotice = () => undefined } = options;
    this.#redis = redis;
    this.#labellings = new OpenedLabellings(options);
    this.#notice = onNotice;
    this.#onError = redisNotices(redis, onNotice);
    const { Worker } = bullmq();
    this.#worker = new Worker<ShardJob>(QUEUE, (job, token, lost) => this.#take(job, token, lost), {
      connection: redis,
      prefix: PREFIX,
      concurrency,
      lockDuration: 1000 * lockSeconds,
      stalledInterval: 500 * lockSeconds,
      maxStalledCount: maxStalls,
      runRetryDelay: 1000,
      autorun: false,
    });
    this.#listen();
  }

  /** Works until `end`. @throws Why a labelling can't be opened here, if that is why it ended. */
  async run(): Promise<void> {
    const running = this.#worker.run();
    await aborted(this.#ending.signal);
    await this.#worker.close(this.#redis.status !== 'ready'); // nothing can be given back to a Redis that is gone
    await running;
    await this.#labellings.dispose();
    if (this.#unfit !== undefined) throw this.#unfit;
  }

  /** Gives the shards under way back. */
  end(): void {
    this.#ending.abort();
  }

  async #take(job: Job<ShardJob>, token = '', lost = new AbortController().signal): Promise<void> {
    const { labelling, shard } = job.data;
    if (job.attemptsStarted > 1) await countRetry(this.#redis, labelling);
    const plan = await getPlan(this.#redis, labelling);
    if (plan === undefined) return; // it is over
    const opened = await this.#labellings.open(plan).catch((cause: Error) => this.#leave(job, token, cause));
    try {
      const result = await this.#label(opened, shard, AbortSignal.any([this.#ending.signal, lost]));
      if (result === 'stopped' && !lost.aborted) await giveBack(job, token);
      if (result === 'stopped') throw new DistillError('DATA', 'Another worker has the shard.');
    } finally {
      this.#labellings.release(opened);
    }
  }

  async #label(opened: OpenedLabelling, shard: number, signal: AbortSignal): Promise<ShardResult> {
    const run = this.state.begin(opened.plan, shard);
    let result: ShardResult | 'failed' = 'failed';
    try {
      result = await labelShard(opened, shard, { ...run, signal });
    } finally {
      run.end(result);
    }
    this.#notice(`shard ${shard} of ${shardCount(opened.plan)}: ${result}`);
    return result;
  }

  /** A machine that can't open a labelling leaves it to others, else it would fail one shard after another. */
  async #leave(job: Job<ShardJob>, token: string, cause: Error): Promise<never> {
    const { DelayedError } = bullmq();
    this.#unfit = cause;
    this.end();
    await job.moveToDelayed(Date.now() + 1000, token);
    throw new DelayedError();
  }

  #listen(): void {
    this.#worker.on('failed', (job, { message }) => {
      const attempt = `attempt ${job?.attemptsMade} of ${job?.opts.attempts}`;
      this.#notice(`shard ${job?.data.shard}, ${attempt}: ${message}`);
    });
    this.#worker.on('lockRenewalFailed', (ids) => ids.forEach((id) => this.#worker.cancelJob(id)));
    this.#worker.on('error', this.#onError);
  }
}

async function giveBack(job: Job<ShardJob>, token: string): Promise<never> {
  const { WaitingError } = bullmq();
  await job.moveToWait(token);
  throw new WaitingError();
}
