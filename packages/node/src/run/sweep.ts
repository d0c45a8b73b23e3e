import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DistillError } from '@tfjs-distill/core';
import pLimit from 'p-limit';
import { readRunConfig } from './config/readRunConfig.js';
import { type GridPoint, gridPoints } from './gridPoints.js';
import { RunFolder } from './RunFolder.js';
import { type RunRecord } from './RunRecord.js';

/** What became of one point. */
export interface SweptPoint {
  readonly name: string;
  readonly folder: string;
  /** Absent where the run failed or was not begun. */
  readonly record?: RunRecord;
  /** Why it failed. */
  readonly failure?: string;
}

export interface SweepOptions {
  /** Folder of the runs' folders. */
  readonly output: string;
  /** Runs at a time, ≥ 1. Default 1. */
  readonly jobs?: number | undefined;
  /** Values for all runs, as `--set`. */
  readonly set?: readonly string[] | undefined;
  /** Carries out one run, in a process of its own; gives why it failed. */
  readonly work: (point: GridPoint, folder: string) => Promise<{ readonly failure?: string }>;
  readonly onPoint?: ((point: SweptPoint, done: number, total: number) => void) | undefined;
  /** No further point is begun after it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Carries out a run for every point of a grid, each in its own folder and process.
 *
 * Points that are finished are not run again, and unfinished ones go on where they ended, so a sweep that was killed
 * is started again with the same words. A point that fails does not end the sweep.
 *
 * @param config Path of the configuration.
 * @param grids e.g. `['criterion.temperature=2,4,8']`.
 * @throws DistillError before anything runs, if a point's configuration is wrong.
 */
export async function sweep(
  config: string,
  grids: readonly string[],
  { output, jobs = 1, set = [], work, onPoint, signal }: SweepOptions,
): Promise<SweptPoint[]> {
  const points = gridPoints(grids);
  for (const { assignments } of points) await readRunConfig(config, [...set, ...assignments]);
  const limit = pLimit(jobs);
  let done = 0;
  const carryOut = async (point: GridPoint) => {
    const swept = await pointOf(point, join(output, point.name), { config, set, work, signal });
    onPoint?.(swept, (done += 1), points.length);
    return swept;
  };
  return Promise.all(points.map((point) => limit(() => carryOut(point))));
}

interface PointOptions extends Pick<SweepOptions, 'work' | 'signal'> {
  readonly config: string;
  readonly set: readonly string[];
}

async function pointOf(point: GridPoint, folder: string, options: PointOptions): Promise<SweptPoint> {
  const { config, set, work, signal } = options;
  const { name } = point;
  const run = new RunFolder(folder);
  try {
    const finished = await run.record();
    if (finished !== undefined) {
      await assertSameConfig(finished, config, [...set, ...point.assignments], folder);
      return { name, folder, record: finished };
    }
    if (signal?.aborted) return { name, folder };
    const { failure } = await work(point, folder);
    const record = await run.record();
    if (record !== undefined) return { name, folder, record };
    return { name, folder, ...(failure !== undefined && { failure }) };
  } catch (error) {
    if (error instanceof DistillError) return { name, folder, failure: error.message };
    throw error;
  }
}

async function assertSameConfig(
  record: RunRecord,
  path: string,
  set: readonly string[],
  where: string,
): Promise<void> {
  const { config } = await readRunConfig(path, set);
  if (isDeepStrictEqual(record.config, JSON.parse(JSON.stringify(config)))) return;
  throw new DistillError('OPTION', 'The run in this folder had another configuration.', {
    where,
    hint: 'Take another --output, or remove the folder.',
  });
}
