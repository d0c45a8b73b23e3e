import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type LabellingPlan, planId, shardSamples } from './LabellingPlan.js';
import { type ShardResult } from './labelShard.js';
import { workerMetrics } from './metrics/workerMetrics.js';
import { RateMeter } from './RateMeter.js';
import { type ActiveShard, type WorkerReport } from './WorkerReport.js';

/** What a worker told to label a shard reports to. */
export interface ShardRun {
  readonly onProgress: (stored: number) => void;
  readonly onAnswer: (seconds: number) => void;
  readonly end: (result: ShardResult | 'failed') => void;
}

/** What a worker has done and has under way. */
export class WorkerState {
  readonly host = hostname();
  readonly id = `${this.host}:${process.pid}:${randomUUID().slice(0, 8)}`;
  readonly metrics = workerMetrics(this.id);
  readonly #active = new Set<{ shard: ActiveShard }>();
  readonly #rate = new RateMeter(performance.now());
  #rows = 0;
  #shards = 0;
  #idleSince = performance.now();

  begin(plan: LabellingPlan, shard: number): ShardRun {
    const samples = shardSamples(plan, shard);
    const run = { shard: { labelling: planId(plan), shard, rows: 0, samples } };
    this.#active.add(run);
    return {
      onProgress: (rows) => {
        this.#count(rows - run.shard.rows);
        run.shard = { ...run.shard, rows };
      },
      onAnswer: (seconds) => this.metrics.teacherSeconds.observe(seconds),
      end: (result) => {
        this.#active.delete(run);
        this.#idleSince = performance.now();
        if (result === 'done') this.#shards += 1;
        this.metrics.shards.inc({ result });
      },
    };
  }

  /** Seconds without a shard. */
  idleFor(): number {
    return this.#active.size > 0 ? 0 : (performance.now() - this.#idleSince) / 1000;
  }

  summary(): { readonly shards: number; readonly rows: number } {
    return { shards: this.#shards, rows: this.#rows };
  }

  async report(): Promise<WorkerReport> {
    return {
      id: this.id,
      host: this.host,
      pid: process.pid,
      active: [...this.#active].map(({ shard }) => shard),
      rows: this.#rows,
      rowsPerSecond: this.#rate.perSecond(performance.now()),
      metrics: await this.metrics.registry.getMetricsAsJSON(),
    };
  }

  #count(rows: number): void {
    this.#rows += rows;
    this.#rate.add(rows, performance.now());
    this.metrics.rows.inc(rows);
  }
}
