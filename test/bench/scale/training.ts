import { fileURLToPath } from 'node:url';
import { type EngineName } from '@tfjs-distill/node/engine';
import { mpirun } from '../../scale/mpi/mpirun.js';
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

const RANK = fileURLToPath(new URL('./trainingRank.ts', import.meta.url));

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
  const { code, stdout, stderr } = await mpirun(ranks, [RANK, JSON.stringify(task)]);
  if (code !== 0) throw new Error(`mpirun ended with ${code}: ${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null');
}
