import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { type SweptPoint } from '../../run/sweep.js';
import { INTERRUPTED, onInterrupt } from '../onInterrupt.js';
import { print, printJson } from '../print.js';
import { textTable } from '../textTable.js';
import { collect } from './run.js';

interface SweepFlags {
  readonly grid: readonly string[];
  readonly set: readonly string[];
  readonly jobs: number;
  readonly engine?: string;
  readonly output?: string;
  readonly json?: boolean;
}

/** `distill sweep`: a run for every combination of some settings, and one table of all. */
export const sweep = (): Command =>
  new Command('sweep')
    .description('a run for every combination of some settings; goes on where it was ended')
    .argument('<config>', 'YAML or JSON, as for `distill run`')
    .requiredOption('--grid <key=values>', 'e.g. criterion.temperature=2,4,8; may be repeated', collect, [])
    .option('--set <key=value>', 'a value for all runs', collect, [])
    .option('--jobs <n>', 'runs at a time, each in a process of its own', jobsOf, 1)
    .option('--engine <name>', 'as for `distill run`')
    .option('--output <folder>', "folder of the runs' folders; default runs/CONFIG-sweep")
    .option('--json', 'print JSON')
    .action(async (config: string, flags: SweepFlags) => {
      const points = await carryOut(config, flags);
      await report(points, flags.json === true);
    });

async function report(points: readonly SweptPoint[], asJson: boolean): Promise<void> {
  const { comparisonCells, comparisonRows } = await import('../../run/compareRuns.js');
  const rows = comparisonRows(points.flatMap(({ name, record }) => (record ? [{ name, record }] : [])));
  const failed = points.flatMap(({ name, failure }) => (failure === undefined ? [] : [{ name, failure }]));
  if (asJson) printJson({ runs: rows, failed });
  else if (rows.length > 0) print(textTable(comparisonCells(rows)));
  if (failed.length === 0) return;
  process.stderr.write(`${failed.length} of ${points.length} runs failed: the lines above say why.\n`);
  process.exitCode ??= 1;
}

const most = availableParallelism();

function jobsOf(text: string): number {
  const jobs = Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 4 * most) return jobs;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${4 * most}.`);
}

async function carryOut(
  config: string,
  { grid, set, jobs, engine, output }: SweepFlags,
): Promise<SweptPoint[]> {
  const { sweep: carry } = await import('../../run/sweep.js');
  const { runInChild } = await import('../../run/runInChild.js');
  const { ConfigFile } = await import('../../run/config/ConfigFile.js');
  const { name } = await ConfigFile.read(config);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const { signal, off } = onInterrupt(say);
  const always = [
    ...set.flatMap((value) => ['--set', value]),
    ...(engine === undefined ? [] : ['--engine', engine]),
  ];
  try {
    return await carry(config, grid, {
      output: output ?? join('runs', `${name}-sweep`),
      jobs,
      set,
      signal,
      work: ({ assignments }, folder) => {
        const own = assignments.flatMap((value) => ['--set', value]);
        return runInChild(['run', config, ...always, ...own, '--output', folder, '--resume'], signal);
      },
      onPoint: (point, done, total) => say(`${done}/${total}  ${point.name}: ${outcome(point)}`),
    });
  } finally {
    off();
    if (signal.aborted) process.exitCode = INTERRUPTED;
  }
}

function outcome({ record, failure }: SweptPoint): string {
  if (failure !== undefined) return `failed: ${failure}`;
  if (record === undefined) return 'stopped';
  const distilled = record.trainings.filter(({ network }) => network === 'distilled');
  const mean = distilled.reduce((sum, { evaluation }) => sum + evaluation.accuracy, 0) / distilled.length;
  return `${(100 * mean).toFixed(2)} %`;
}
