import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { type EngineName } from '@tfjs-distill/node/engine';
import { type ReductionTime, type TrainingSpeed } from './trainingRank.js';

export interface TrainingTrial {
  /** Processes that train one student, one thread each. */
  readonly ranks: number;
  /** How long steps are counted. Default 5. */
  readonly seconds?: number;
  /** Default wasm. */
  readonly engine?: EngineName;
  /** Samples of a step on each process: more processes, more samples. Default 64. */
  readonly batchSize?: number;
}

const NODE = ['--conditions=@tfjs-distill/source', '--import', 'tsx'];
const RANK = fileURLToPath(new URL('./trainingRank.ts', import.meta.url));
const ENV = {
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  OMP_NUM_THREADS: '1',
  TF_NUM_INTRAOP_THREADS: '1',
  TF_NUM_INTEROP_THREADS: '1',
};

/**
 * Trains a student on stored answers on so many processes, and counts the samples of all of them in a second. The work
 * of each process is the same whatever their number.
 *
 * @example
 * const [one, two] = [await trainingSpeed({ ranks: 1 }), await trainingSpeed({ ranks: 2 })];
 * two.samplesPerSecond / (2 * one.samplesPerSecond); // efficiency
 */
export async function trainingSpeed({ ranks, ...trial }: TrainingTrial): Promise<TrainingSpeed> {
  return (await onRanks(ranks, { task: 'train', ...trial })) as TrainingSpeed;
}

/** Milliseconds that one reduction of so many floats takes, the median of many. */
export async function reductionTimes(ranks: number, floats: readonly number[]): Promise<ReductionTime[]> {
  return (await onRanks(ranks, { task: 'reduce', floats })) as ReductionTime[];
}

async function onRanks(ranks: number, task: object): Promise<unknown> {
  const mpirun = process.env['MPIRUN'] ?? 'mpirun';
  const parameters = [
    '--oversubscribe',
    '-n',
    String(ranks),
    process.execPath,
    ...NODE,
    RANK,
    JSON.stringify(task),
  ];
  const { stdout } = await execa(mpirun, parameters, { env: ENV });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null');
}
