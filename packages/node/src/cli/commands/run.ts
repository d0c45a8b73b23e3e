import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@tfjs-distill/core';
import { Command } from 'commander';
import { type EngineName } from '../../engine/engine.js';
import { type Collective } from '../../mpi/Collective.js';
import { type RunRecord } from '../../run/RunRecord.js';
import { duration, sampleProgress, type SampleProgress } from '../sampleProgress.js';
import { trainingBar } from '../trainingBar.js';
import { INTERRUPTED, onInterrupt } from '../onInterrupt.js';
import { print, printJson } from '../print.js';
import { textTable } from '../textTable.js';

export interface RunFlags {
  readonly set: readonly string[];
  readonly seeds?: string;
  readonly engine?: string;
  readonly output?: string;
  readonly resume?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

export const collect = (value: string, before: readonly string[]): string[] => [...before, value];

/** `distill run`: everything that a configuration file says. */
export const run = (): Command =>
  new Command('run')
    .description('train a student alone and distilled, as a configuration file says, and compare them')
    .argument('<config>', 'YAML or JSON; `distill init` writes an example')
    .option('--set <key=value>', 'replace a value of the file, e.g. criterion.temperature=4', collect, [])
    .option('--seeds <seeds>', 'how many students of each kind, or their seeds: 3, or 4,5,6')
    .option(
      '--engine <name>',
      'tensorflow-gpu, tensorflow, webgpu, wasm or cpu; default the fastest that runs here',
    )
    .option('--output <folder>', "the run's folder; default runs/NAME")
    .option('--resume', 'go on with the run in that folder')
    .option('--force', 'replace the run in that folder')
    .option('--json', 'print the record as JSON')
    .action(async (config: string, flags: RunFlags) => {
      const ranks = await joinRanks();
      if (ranks === undefined) return;
      const record = await together(ranks, () => carryOut(config, flags, ranks));
      if (ranks.rank !== 0 || record === LOST) return;
      if (record === undefined) process.exitCode = INTERRUPTED;
      else if (flags.json) printJson(record);
      else for (const line of await summary(record)) print(line);
    });

/** The processes that mpirun has started; where they cannot join, the first of each machine says why. */
async function joinRanks(): Promise<Collective | undefined> {
  const { worldCollective } = await import('../../mpi/worldCollective.js');
  try {
    return worldCollective();
  } catch (error) {
    if ((process.env['OMPI_COMM_WORLD_LOCAL_RANK'] ?? '0') === '0') throw error;
    await sleep(2000); // mpirun ends all as soon as one has failed: the one that speaks goes first
    process.exitCode = 1;
    return undefined;
  }
}

const LOST = Symbol('lost');

/** Of an error on one of several ranks that rank tells its user; the others end without a word. */
async function together<T>(ranks: Collective, action: () => Promise<T>): Promise<T | typeof LOST> {
  try {
    return await action();
  } catch (error) {
    const { lossOf } = await import('../../mpi/lossOf.js');
    const loss = lossOf(error);
    if (loss === undefined) ranks.abort(messageOf(error));
    if (!loss?.told) throw loss ?? error;
    process.exitCode = 1;
    return LOST;
  }
}

/** `undefined`: interrupted, a checkpoint is written. */
async function carryOut(path: string, flags: RunFlags, ranks: Collective): Promise<RunRecord | undefined> {
  const { readRunConfig } = await import('../../run/config/readRunConfig.js');
  const { leaderFirst } = await import('../../mpi/leader.js');
  const seeds = flags.seeds?.includes(',') ? `[${flags.seeds}]` : flags.seeds;
  const set = [...flags.set, ...(seeds === undefined ? [] : [`seeds=${seeds}`])];
  const loaded = await leaderFirst(ranks, () => readRunConfig(path, set));
  const isLeader = ranks.rank === 0;
  const say = (line: string) => void (isLeader && process.stderr.write(`${line}\n`));
  const { selectEngine } = await import('../../engine/selectEngine.js');
  const engine = await selectEngine({ engine: flags.engine as EngineName | undefined, onMessage: say });
  const { distillRun } = await import('../../run/distillRun.js');
  const { Interrupted } = await import('../../run/Interrupted.js');
  const interrupt = onInterrupt(say);
  try {
    return await distillRun(loaded, {
      engine,
      output: flags.output,
      how: flags.resume ? 'resume' : flags.force ? 'force' : 'new',
      ranks,
      signal: interrupt.signal,
      onMessage: say,
      pluginsFor: ({ network, seed }) => (isLeader ? trainingBar(`${network}, seed ${seed}`) : []),
      onLabelling: isLeader ? labellingBar() : undefined,
    });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    say(error.message);
    return undefined;
  } finally {
    interrupt.off();
  }
}

/** Of the teacher's answers. */
function labellingBar() {
  let bar: SampleProgress | undefined;
  return (done: number, total: number) => {
    bar ??= sampleProgress(total, 0);
    bar.update(done);
    if (done >= total) bar.stop();
  };
}

async function summary(record: RunRecord): Promise<string[]> {
  const { evaluationCells } = await import('../../report/evaluationCells.js');
  const { finding } = await import('../../report/finding.js');
  const time = `${duration(record.seconds)} on ${record.engine}.`;
  return [textTable(evaluationCells(record)), '', finding(record), time];
}
