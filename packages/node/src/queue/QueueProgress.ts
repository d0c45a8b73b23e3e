import { type LabellingPlan, planId, shardCount, shardSamples } from './LabellingPlan.js';
import { type WorkerReport } from './WorkerReport.js';

/** How far a labelling is, over all workers. */
export interface QueueProgress {
  /** To be labelled, of the whole data set. */
  readonly samples: number;
  /** Labelled: of shards that are whole, and of those under way. */
  readonly rows: number;
  readonly rowsPerSecond: number;
  readonly shards: ShardStates;
  /** How often a shard was begun again. */
  readonly retries: number;
  readonly workers: readonly WorkerReport[];
}

export interface ShardStates {
  readonly waiting: number;
  readonly active: number;
  readonly failed: number;
  readonly done: number;
}

/** What there is to see of a labelling. */
export interface Seen {
  readonly done: ReadonlySet<number>;
  /** Given up and not done, each with the reason. */
  readonly failed: ReadonlyMap<number, string>;
  readonly workers: readonly WorkerReport[];
  readonly retries: number;
}

/** Puts together what the storage, the queue and the workers say. A shard counts once, whoever else is at it too. */
export function queueProgress(plan: LabellingPlan, { done, failed, workers, retries }: Seen): QueueProgress {
  const id = planId(plan);
  const own = workers.flatMap(({ active }) =>
    active.filter(({ labelling, shard }) => labelling === id && !done.has(shard)),
  );
  const begun = new Map<number, number>();
  for (const { shard, rows } of own) begun.set(shard, Math.max(rows, begun.get(shard) ?? 0));
  const whole = [...done].reduce((sum, index) => sum + shardSamples(plan, index), 0);
  const busy = workers.filter(({ active }) => active.some(({ labelling }) => labelling === id));
  const lost = [...failed.keys()].filter((index) => !begun.has(index)).length;
  return {
    samples: plan.samples,
    rows: [...begun.values()].reduce((sum, rows) => sum + rows, whole),
    rowsPerSecond: busy.reduce((sum, worker) => sum + worker.rowsPerSecond, 0),
    shards: {
      waiting: shardCount(plan) - done.size - begun.size - lost,
      active: begun.size,
      failed: lost,
      done: done.size,
    },
    retries,
    workers,
  };
}
