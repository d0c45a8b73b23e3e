import { type Counter, type Histogram, type Registry } from 'prom-client';
import { prometheus } from '../optionalPackages.js';

/** What a worker measures; each carries the worker's name. */
export interface WorkerMetrics {
  readonly registry: Registry;
  readonly rows: Counter;
  readonly shards: Counter<'result'>;
  readonly teacherSeconds: Histogram;
}

/** From a millisecond to about an hour. */
const BUCKETS = { start: 0.001, factor: 2.5, count: 16 } as const;

export function workerMetrics(worker: string): WorkerMetrics {
  const { Counter, exponentialBuckets, Histogram, Registry } = prometheus();
  const registry = new Registry();
  registry.setDefaultLabels({ worker });
  const registers = [registry];
  return {
    registry,
    rows: new Counter({ name: 'distill_rows_total', help: 'Samples labelled', registers }),
    shards: new Counter({
      name: 'distill_worker_shards_total',
      help: 'Shards that ended: done, known (another worker was first), failed, or given back',
      labelNames: ['result'],
      registers,
    }),
    teacherSeconds: new Histogram({
      name: 'distill_teacher_seconds',
      help: 'Seconds that the teacher took for a batch',
      buckets: exponentialBuckets(BUCKETS.start, BUCKETS.factor, BUCKETS.count),
      registers,
    }),
  };
}
