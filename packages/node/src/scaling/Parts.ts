/** What labelling is made of, in seconds of one worker with one thread, unless it says otherwise. */
export interface LabellingParts {
  /** The teacher's forward pass, a sample. */
  readonly teacherSeconds: number;
  /** Storing an answer, a sample. */
  readonly writeSeconds: number;
  /** An answer on disk. */
  readonly bytesPerRow: number;
  /** Samples of a shard: what a worker takes at once. */
  readonly shardSamples: number;
  /** Beginning and closing a shard. */
  readonly shardSeconds: number;
  /** The queue's own work for a shard; one queue serves all workers. */
  readonly queueSeconds: number;
  /** Putting shards together, a sample; one process does it, after all shards are there. */
  readonly mergeSeconds: number;
  /** Until a worker begins: engine, model, data. */
  readonly startSeconds: number;
}

/** What a training step is made of, in seconds. */
export interface TrainingParts {
  /** Of a step, whatever its batch. */
  readonly stepSeconds: number;
  /** Of a step, for each sample of its batch. */
  readonly sampleSeconds: number;
  /** Fetching a sample, its view and the teacher's answer about it. */
  readonly fetchSeconds: number;
  /** Bytes of all gradients: four a trained weight. */
  readonly gradientBytes: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly startSeconds: number;
}

/** What a message between two machines takes: `latencySeconds + bytes · secondsPerByte`. */
export interface Network {
  readonly latencySeconds: number;
  readonly secondsPerByte: number;
}

/** 10 Gbit/s Ethernet: what a cluster has at least. */
export const ETHERNET: Network = { latencySeconds: 50e-6, secondsPerByte: 8 / 10e9 };
