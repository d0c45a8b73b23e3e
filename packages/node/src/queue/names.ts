/** Everything on a Redis begins so: it may be shared with others. */
export const PREFIX = 'tfjs-distill';

/** One queue for all labellings: a worker takes whatever there is. */
export const QUEUE = 'label';

/** A shard on the queue: which one of which labelling. */
export interface ShardJob {
  readonly labelling: string;
  /** From 1. */
  readonly shard: number;
}

/** By content: a shard is on the queue once, however often it is put there. */
export const jobId = ({ labelling, shard }: ShardJob): string => `${labelling}-${shard}`;
