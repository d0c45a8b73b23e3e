import { prometheus } from '../optionalPackages.js';
import { type QueueProgress } from '../QueueProgress.js';

/** A labelling's progress and the measurements of all its workers, as Prometheus reads them. */
export async function progressMetrics(progress: QueueProgress): Promise<string> {
  const { AggregatorRegistry, Gauge, Registry } = prometheus();
  const own = new Registry();
  const registers = [own];
  const gauge = (name: string, help: string, value: number) =>
    new Gauge({ name: `distill_${name}`, help, registers }).set(value);
  gauge('samples', 'Samples to label', progress.samples);
  gauge('rows', 'Samples labelled, those of earlier runs included', progress.rows);
  gauge('rows_per_second', 'Samples that all workers label a second', progress.rowsPerSecond);
  gauge('retries', 'How often a shard was begun again', progress.retries);
  gauge('workers', 'Workers that are there', progress.workers.length);
  const shards = new Gauge({
    name: 'distill_shards',
    help: 'Shards by state: waiting, active, failed, done',
    labelNames: ['state'],
    registers,
  });
  for (const [state, count] of Object.entries<number>({ ...progress.shards })) shards.set({ state }, count);
  const workers = AggregatorRegistry.aggregate(progress.workers.map(({ metrics }) => metrics));
  return [await own.metrics(), await workers.metrics()].join('\n');
}
