import { Command, InvalidArgumentError } from 'commander';
import { type EngineName } from '../../engine/engine.js';
import { type CostModel, type PlannedWork } from '../../scaling/costModel.js';
import { positiveNumber, wholeNumber } from '../numbers.js';
import { print, printJson } from '../print.js';
import { textTable } from '../textTable.js';
import { collect } from './run.js';

interface PlanFlags {
  readonly workers: number;
  readonly samples?: readonly number[];
  readonly hourlyPrice?: number;
  readonly gbits: number;
  readonly latency: number;
  readonly shardSize: number;
  readonly set: readonly string[];
  readonly engine?: string;
  readonly json?: boolean;
}

/** `distill plan`: what a run would take on many machines. */
export const plan = (): Command =>
  new Command('plan')
    .description("measure a run's parts here, and predict its time and price on many machines")
    .argument('<config>', 'YAML or JSON, as `distill run` takes it')
    .option('--workers <count>', 'most machines', wholeNumber, 1000)
    .option('--samples <counts>', 'sizes of the data set, e.g. 1e6,1e8; default 1e6,1e8,1e10', counts)
    .option('--hourly-price <price>', 'of one machine', positiveNumber)
    .option('--gbits <speed>', 'of the network between machines, Gbit/s', positiveNumber, 10)
    .option('--latency <time>', 'of a message between machines, microseconds', positiveNumber, 50)
    .option('--shard-size <count>', 'samples that a worker labels at once', wholeNumber, 4096)
    .option('--set <key=value>', 'replace a value of the file, e.g. training.batchSize=256', collect, [])
    .option('--engine <name>', 'engine to measure on; default the fastest that runs here')
    .option('--json', 'print measured parts and predictions as JSON')
    .action(async (config: string, flags: PlanFlags) => planRun(config, flags));

async function planRun(path: string, flags: PlanFlags): Promise<void> {
  const { readRunConfig } = await import('../../run/config/readRunConfig.js');
  const loaded = await readRunConfig(path, flags.set);
  const { selectEngine } = await import('../../engine/selectEngine.js');
  const { engine } = await selectEngine({ engine: flags.engine as EngineName | undefined });
  const { measureParts } = await import('../../scaling/measureParts.js');
  const { planLimits, planRows } = await import('../../scaling/costModel.js');
  const { describeLimits, describeParts, planCells } = await import('../../scaling/planTexts.js');
  const network = { latencySeconds: flags.latency / 1e6, secondsPerByte: 8 / (flags.gbits * 1e9) };
  const { shardSize: shardSamples, json } = flags;
  const model: CostModel = await measureParts(loaded, {
    network,
    shardSamples,
    before: performance.now() / 1000,
  });
  const work = plannedWork(flags);
  const rows = planRows(model, work);
  const limits = work.samples.flatMap((samples) => planLimits(model, samples));
  if (json) return printJson({ engine, model, rows, limits });
  for (const line of describeParts(model, engine)) print(line);
  print(textTable(planCells(rows)));
  for (const line of describeLimits(limits, flags.workers)) print(line);
}

function plannedWork({ workers, samples = [1e6, 1e8, 1e10], hourlyPrice }: PlanFlags): PlannedWork {
  const powers = [1, 10, 100, 1000, 10_000, 100_000].filter((power) => power < workers);
  return { samples, workers: [...powers, workers], hourlyPrice };
}

function counts(text: string): readonly number[] {
  const values = text.split(',').map(Number);
  if (values.every((value) => Number.isInteger(value) && value > 0)) return values;
  throw new InvalidArgumentError('They are no whole numbers above 0, by commas.');
}
