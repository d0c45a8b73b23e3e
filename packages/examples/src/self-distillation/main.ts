/**
 * Distils a network with early exits into itself, and compares it with the same exits trained by labels alone.
 *
 *   npm run example:self-distillation                          a part of MNIST, about two minutes
 *   npm run example:self-distillation -- --data fashion-mnist  or cifar10; --path FOLDER where the files are
 *   npm run example:self-distillation -- --full                all images, four times the filters, three seeds
 *   npm run example:self-distillation -- --help                everything else
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { slice } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  calibrateExits,
  DistillError,
  earlyExit,
  evaluateExits,
  exitFacts,
  exitPoint,
  exportExits,
  type ExitRow,
  expected,
} from '@tfjs-distill/core';
import {
  type Dataset,
  type DatasetSpec,
  type EngineName,
  evaluateModel,
  everyRow,
  fileSystem,
  openDataset,
  sampleTensors,
  type SampleTensors,
  selectEngine,
  trainingBar,
} from '@tfjs-distill/node';
import { Command, Option } from 'commander';
import { keepRecord } from '../example/keepRecord.js';
import { typedCommand } from '../example/typedCommand.js';
import { wholeNumber } from '../example/wholeNumber.js';
import { exampleRecord } from './exampleRecord.js';
import {
  accuracyTable,
  BATCH,
  curveTable,
  earlyExitFinding,
  type EarlyExitResult,
  type NetworkResult,
  percent,
  type Results,
} from './results.js';
import { DEFAULT, FULL, type Settings } from './settings.js';
import { network, type NetworkOptions, trainNetwork, type Way, WAYS } from './trainNetwork.js';

interface Options {
  readonly full?: true;
  readonly json?: true;
  readonly record?: true;
  readonly data: 'mnist' | 'fashion-mnist' | 'cifar10';
  readonly path?: string;
  readonly head?: Settings['head'];
  readonly engine?: string;
  readonly seeds?: number;
  readonly images?: number;
  readonly epochs?: number;
  readonly out: string;
}

async function main(options: Options): Promise<void> {
  const began = performance.now();
  const started = new Date().toISOString();
  const { engine } = await selectEngine({ engine: options.engine as EngineName | undefined, onMessage: say });
  const wanted = settingsOf(options);
  const dataset = await openDataset(specOf(options, wanted));
  const settings = fitted(wanted, dataset);
  const { train, calibration, test } = splits(dataset, settings);
  say(planOf(dataset, settings));

  const networks: NetworkResult[] = [];
  const earlyExits: EarlyExitResult[] = [];
  for (let seed = 1; seed <= settings.seeds; seed++) {
    const shape = { inputShape: dataset.inputShape, classes: dataset.classNames.length };
    for (const way of Object.keys(WAYS) as Way[]) {
      const given: NetworkOptions = { settings, ...shape, seed };
      const model = network(way, given);
      await trainNetwork(model, way, train, given, trainingBar(`${WAYS[way]}, seed ${seed}`));
      const rows = await rowsOf(model, way, test);
      networks.push({ way, seed, rows });
      say(
        `${WAYS[way]}, seed ${seed}: ${rows.map(({ name, accuracy }) => `${name} ${percent(accuracy, 2)}`).join(', ')}`,
      );
      if (way === 'distilled') earlyExits.push(await tryEarlyExits(model, seed, calibration, test));
      if (way === 'distilled' && seed === 1) {
        await model.save(fileSystem(join(options.out, 'with-exits')));
        await exportExits(model).save(fileSystem(join(options.out, 'without-exits')));
      }
      model.dispose();
    }
  }

  const seconds = (performance.now() - began) / 1000;
  const results: Results = { engine, data: dataset.name, settings, networks, earlyExits, seconds };
  await mkdir(options.out, { recursive: true });
  await writeFile(join(options.out, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
  report(results, options.out);
  if (options.record) {
    const places = { '--path': 'FOLDER', '--out': 'FOLDER' };
    const command = typedCommand('npm run example:self-distillation', process.argv.slice(2), places);
    say(`Kept in ${await keepRecord(exampleRecord(results, command, started))}.`);
  }
  if (options.json) say(JSON.stringify(results));
}

/** Early exits of a trained network: the threshold from the calibration images, all else from the test images. */
async function tryEarlyExits(
  model: LayersModel,
  seed: number,
  calibration: SampleTensors,
  test: SampleTensors,
): Promise<EarlyExitResult> {
  const { chosen } = calibrateExits(await exitFacts(model, calibration));
  const facts = await exitFacts(model, test);
  const { curve } = calibrateExits(facts, { accuracy: 0 });
  const milliseconds = await timesOf(model, test, chosen.threshold);
  return { seed, curve, chosen: exitPoint(facts, chosen.threshold), milliseconds };
}

/** Milliseconds for all test images, the faster of two passes each, taken in turns. */
async function timesOf(model: LayersModel, { x }: SampleTensors, threshold: number) {
  const fast = earlyExit(model);
  const pass = async (at: number): Promise<number> => {
    const began = performance.now();
    for (let from = 0; from < (x.shape[0] ?? 0); from += BATCH) {
      const batch = slice(x, from, Math.min(BATCH, (x.shape[0] ?? 0) - from));
      const { logits, probabilities } = await fast.predictEarlyExit(batch, { threshold: at });
      await probabilities.data();
      for (const tensor of [batch, logits, probabilities]) tensor.dispose();
    }
    return performance.now() - began;
  };
  const times = { early: Infinity, whole: Infinity };
  for (let i = 0; i < 2; i++) {
    times.early = Math.min(times.early, await pass(threshold));
    times.whole = Math.min(times.whole, await pass(1));
  }
  return times;
}

async function rowsOf(model: LayersModel, way: Way, test: SampleTensors): Promise<readonly ExitRow[]> {
  if (way !== 'plain') return evaluateExits(model, test);
  const { accuracy, loss, ece } = await evaluateModel(model, test, { latency: false });
  return [{ name: 'deepest', cost: 1, accuracy, loss, ece }];
}

function splits({ train, test }: Dataset, { calibration }: Settings) {
  const images = train.shape[0];
  if (images <= calibration)
    throw expected('images', `above ${calibration}, which are for calibration`, images, {
      where: 'self-distillation',
    });
  const rows = everyRow(train);
  const held = images - calibration;
  return {
    train: sampleTensors(train, rows.subarray(0, held)),
    calibration: sampleTensors(train, rows.subarray(held)),
    test: sampleTensors(test),
  };
}

/** The preset, with what the command line says otherwise. */
function settingsOf({ full, head, seeds, images, epochs }: Options): Settings {
  const preset = full ? FULL : DEFAULT;
  const given = { head, seeds, images, epochs };
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...preset, ...(defined as Partial<Settings>) };
}

/** What there is of the data; a seventh of the training images, at most, is for calibration. */
function fitted(settings: Settings, { train, test }: Dataset): Settings {
  const [images, testImages] = [train.shape[0], test.shape[0]];
  return {
    ...settings,
    images,
    testImages,
    calibration: Math.min(settings.calibration, Math.ceil(images / 7)),
  };
}

function specOf({ data: type, path }: Options, { images, testImages }: Settings): DatasetSpec {
  const limit = {
    ...(Number.isFinite(images) && { train: images }),
    ...(Number.isFinite(testImages) && { test: testImages }),
  };
  return { type, ...(path !== undefined && { path }), limit };
}

function planOf({ name, train, test }: Dataset, settings: Settings): string {
  const { calibration, epochs, widths, head, seeds } = settings;
  const images = train.shape[0];
  return [
    `${name}: ${images - calibration} images to train on, ${calibration} to choose the threshold, ${test.shape[0]} to test.`,
    `Four blocks of ${widths.join(', ')} filters, exits after the first three (head '${head}'), ${epochs} epochs, ${seeds} seed${seeds === 1 ? '' : 's'}.`,
    settings.widths === DEFAULT.widths
      ? 'Cut to some minutes; `--full` takes all images and four times the filters.\n'
      : '',
  ].join('\n');
}

function report(results: Results, out: string): void {
  const first = results.earlyExits[0] as EarlyExitResult;
  const exits =
    results.networks
      .at(-1)
      ?.rows.slice(0, -1)
      .map(({ name }) => name) ?? [];
  say(`\nAccuracy on the test images\n${accuracyTable(results)}`);
  say(`cost: operations by then, of the network without exits; ensemble: mean of all probabilities.\n`);
  say(`Early exits of the self-distilled network, seed 1\n${curveTable(first, exits)}`);
  say(earlyExitFinding(first));
  say(
    `\n${results.seconds.toFixed(0)} s in all on ${results.engine}. The networks and results.json are in ${out}.`,
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const command = new Command('npm run example:self-distillation --')
  .description(
    'Distils a network with early exits into itself, and compares it with exits trained by labels alone.',
  )
  .option('--full', 'all images, four times the filters, three seeds')
  .option('--json', 'print the results as one JSON object, as the last line')
  .option('--record', 'keep what it found in packages/examples/results, for `npm run examples:table`')
  .addOption(
    new Option('--data <name>', 'real images')
      .choices(['mnist', 'fashion-mnist', 'cifar10'])
      .default('mnist'),
  )
  .option('--path <folder>', 'where the data files are; default: the npm package, or a download')
  .addOption(
    new Option('--head <name>', 'what an exit is made of').choices(['attention', 'bottleneck', 'pool']),
  )
  .option('--seeds <n>', 'how many networks of each kind to train', wholeNumber)
  .option(
    '--images <n>',
    'training images, the first ones; a seventh, at most, are for calibration',
    wholeNumber,
  )
  .option('--epochs <n>', 'epochs of every training', wholeNumber)
  .option('--engine <name>', 'tensorflow-gpu, tensorflow, wasm or cpu; default the fastest that runs here')
  .option('--out <folder>', 'where the networks and the results go', 'runs/self-distillation');

try {
  await main(command.parse().opts<Options>());
} catch (error) {
  if (!(error instanceof DistillError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
