import { type Redis } from 'ioredis';
import { type MetricObjectWithValues, type MetricValue } from 'prom-client';
import { PREFIX } from './names.js';

/** A shard that a worker has under way. */
export interface ActiveShard {
  readonly labelling: string;
  readonly shard: number;
  /** Labelled so far. */
  readonly rows: number;
  /** Of the shard. */
  readonly samples: number;
}

/** What a worker tells of itself every few seconds. */
export interface WorkerReport {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly active: readonly ActiveShard[];
  /** Labelled since it began. */
  readonly rows: number;
  readonly rowsPerSecond: number;
  /** Its measurements, as prom-client gives them. */
  readonly metrics: readonly MetricObjectWithValues<MetricValue<string>>[];
}

/** Milliseconds between reports; after five that did not come a worker is taken to be gone. */
export const REPORT_EVERY = 2000;

const LIST = `${PREFIX}:workers`;
const keyOf = (id: string) => `${PREFIX}:worker:${id}`;

/** A report vanishes by itself: a worker that was killed can't take it back. */
export async function putReport(redis: Redis, report: WorkerReport): Promise<void> {
  await redis
    .multi()
    .sadd(LIST, report.id)
    .set(keyOf(report.id), JSON.stringify(report), 'PX', 5 * REPORT_EVERY)
    .exec();
}

export async function removeReport(redis: Redis, id: string): Promise<void> {
  await redis.multi().srem(LIST, id).del(keyOf(id)).exec();
}

/** Of all workers that are there, the same order every time. */
export async function readReports(redis: Redis): Promise<readonly WorkerReport[]> {
  const ids = (await redis.smembers(LIST)).sort();
  if (ids.length === 0) return [];
  const texts = await redis.mget(ids.map(keyOf));
  const gone = ids.filter((_, i) => texts[i] === null);
  if (gone.length > 0) await redis.srem(LIST, ...gone);
  return texts.filter((text) => text !== null).map((text) => JSON.parse(text) as WorkerReport);
}
