import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type EngineName } from '@tfjs-distill/node/engine';
import { ONE_THREAD } from '../../scale/oneThread.js';
import { freePorts } from '../../scale/queue/freePorts.js';
import { Machine } from '../../scale/queue/machines.js';
import { redisServer } from '../../scale/queue/redisServer.js';

const TEACHER = fileURLToPath(
  new URL('../../../packages/examples/src/mnist-distiller/teacher', import.meta.url),
);

/** What is labelled: MNIST by the examples' teacher, 5.4 million multiplications an image. */
export const LABELLING = {
  teacher: TEACHER,
  data: 'mnist',
  engine: 'wasm',
  batchSize: 64,
  shardSize: 512,
} as const;

/** The same as the configuration of a run, for `distill plan`. */
export const LABELLING_CONFIG = {
  dataset: LABELLING.data,
  teacher: LABELLING.teacher,
  storeTeacher: true,
  student: 'keras-cnn',
  criterion: { type: 'kd' },
  training: { epochs: 1, batchSize: LABELLING.batchSize, learningRate: 1e-3 },
} as const;

export interface LabellingTrial {
  /** Processes that take shards, one thread each. */
  readonly workers: number;
  /** How long rows are counted. Default 5. */
  readonly seconds?: number;
  /** Default wasm. */
  readonly engine?: EngineName;
}

export interface LabellingSpeed {
  /** Of all workers together. */
  readonly rowsPerSecond: number;
}

/**
 * Has a data set labelled by so many workers of a queue, and counts what they store in a second: from when every one
 * has a shard behind it, so that starting does not count, by what each tells Prometheus.
 *
 * @example
 * const [one, two] = [await labellingSpeed({ workers: 1 }), await labellingSpeed({ workers: 2 })];
 * two.rowsPerSecond / (2 * one.rowsPerSecond); // efficiency
 */
export async function labellingSpeed(trial: LabellingTrial): Promise<LabellingSpeed> {
  const { workers, seconds = 5, engine = LABELLING.engine } = trial;
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-labelling-'));
  const redis = await redisServer();
  const env = { ...ONE_THREAD, DISTILL_ENGINE: engine };
  const feeder = new Machine(labelArguments(redis.address, path.join(folder, 'out')), env);
  const ports = await freePorts(workers);
  const takes = ['worker', '--queue', redis.address, '--metrics-port'];
  const machines = ports.map((port) => new Machine([...takes, String(port)], env));
  try {
    await Promise.all(ports.map((port) => begun(port, machines)));
    const before = await Promise.all(ports.map(rowsAt));
    await pause(1000 * seconds);
    const after = await Promise.all(ports.map(rowsAt));
    if (!feeder.running) throw new Error(`All is labelled before ${seconds} seconds: ${feeder.told}`);
    const speeds = after.map(({ rows, at }, i) => (rows - before[i]!.rows) / (at - before[i]!.at));
    return { rowsPerSecond: 1000 * speeds.reduce((sum, speed) => sum + speed) };
  } finally {
    await Promise.all([feeder, ...machines].map((machine) => machine.kill()));
    await redis.stop();
    await rm(folder, { recursive: true });
  }
}

function labelArguments(queue: string, out: string): readonly string[] {
  const { teacher, data, batchSize, shardSize } = LABELLING;
  const sizes = ['--batch-size', String(batchSize), '--shard-size', String(shardSize)];
  return ['label', '--queue', queue, '--teacher', teacher, '--data', data, '--out', out, ...sizes];
}

/** Waits until a worker has labelled a shard. */
async function begun(port: number, machines: readonly Machine[]): Promise<void> {
  for (;;) {
    const ended = machines.find(({ running }) => !running);
    if (ended) throw new Error(ended.told);
    const { rows } = await rowsAt(port).catch(() => ({ rows: 0 }));
    if (rows >= LABELLING.shardSize) return;
    await pause(50);
  }
}

/** What a worker has labelled, and when it said so, milliseconds. */
async function rowsAt(port: number): Promise<{ readonly rows: number; readonly at: number }> {
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return { rows: Number(/^distill_rows_total\{.*\} (\d+)$/m.exec(page)?.[1] ?? 0), at: performance.now() };
}
