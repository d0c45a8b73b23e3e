/**
 * Distils an MNIST teacher into a small student, and compares it with the same student alone.
 *
 *   npm start                       few labels, the teacher's soft targets on all images
 *   npm start -- --full             the settings of Keras's example, https://keras.io/examples/vision/knowledge_distillation/
 *   npm start -- --train-teacher    trains the teacher that the repository ships
 *   npm start -- --record           keeps what it found for `npm run examples:table`
 *   npm start -- --help             everything else
 */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { Command } from 'commander';
import { DistillError, messageOf, storedTeacher, type TeacherStore } from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import {
  cachedTeacherStore,
  drawLabelled,
  type EngineName,
  type Evaluation,
  evaluateModel,
  everyRow,
  fileSystem,
  fingerprint,
  modelFingerprint,
  openDataset,
  type Samples,
  sampleTensors,
  selectEngine,
  type TrainingRecord,
  writeReport,
} from '@tfjs-distill/node';
import { table } from 'table';
import { keepRecord } from '../example/keepRecord.js';
import { tableStyle } from '../example/tableStyle.js';
import { typedCommand } from '../example/typedCommand.js';
import { wholeNumber } from '../example/wholeNumber.js';
import { exampleRecord } from './exampleRecord.js';
import { inHalfPrecision } from './halfPrecision.js';
import { agreement, answers, logitsOf, predictions } from './logitsOf.js';
import { bytesOf } from './bytesOf.js';
import { kerasStudent } from './models.js';
import {
  type Curve,
  finding,
  legend,
  meanOf,
  type NetworkResult,
  NETWORKS,
  percent,
  plan,
  resultOf,
  type Results,
  stepLine,
  tableCells,
} from './results.js';
import { historyRow, runRecord } from './runRecord.js';
import {
  DEFAULT,
  FULL,
  KERAS_TEACHER_TRAINING,
  type Settings,
  TEACHER_TRAINING,
  type Training,
} from './settings.js';
import { stepTimes } from './stepTimes.js';
import { train } from './train.js';
import { trainTeacher } from './trainTeacher.js';

const HERE = dirname(fileURLToPath(import.meta.url));
const SHIPPED_TEACHER = join(HERE, 'teacher'); // written by --train-teacher

interface Options {
  readonly full?: true;
  readonly json?: true;
  readonly record?: true;
  readonly trainTeacher?: true;
  readonly engine?: string;
  readonly seeds?: number;
  readonly labels?: number;
  readonly images?: number;
  readonly epochs?: number;
  readonly out: string;
  readonly cache: string;
  readonly data?: string;
  readonly teacher?: string;
}

async function main(options: Options): Promise<void> {
  const began = performance.now();
  const started = new Date().toISOString();
  const { engine } = await selectEngine({ engine: options.engine as EngineName | undefined, onMessage: say });

  const path = options.data !== undefined && { path: options.data };
  const { train: set, test: testSet } = await openDataset({ type: 'mnist', ...path });
  const settings = settingsOf(options, set.shape[0]);
  const { x, y } = sampleTensors(testSet);
  const test = { x, y }; // [10000, 28, 28, 1], [10000]; known by position, as to the teacher's store

  if (options.trainTeacher) {
    const training = { ...TEACHER_TRAINING, epochs: options.epochs ?? TEACHER_TRAINING.epochs };
    const teacher = await trainTeacher('deep', training, set, test);
    const place = options.teacher ?? SHIPPED_TEACHER;
    await teacher.save(inHalfPrecision(fileSystem(place)));
    const saved = await loadTeacher(place); // judged as it is shipped
    const answers = predictions(await logitsOf(saved, testSet, everyRow(testSet), 'testing'));
    const accuracy = percent(agreement(answers, testSet.labels));
    say(`Teacher of ${accuracy} written to ${place} in ${secondsSince(began).toFixed(0)} s.`);
    return;
  }

  say(plan(settings));

  // The teacher, and what it says of every image: asked once, then kept on disk.
  const teacher =
    settings.teacher === 'keras' && options.teacher === undefined
      ? await trainTeacher('keras', KERAS_TEACHER_TRAINING, set, test)
      : await loadTeacher(options.teacher ?? SHIPPED_TEACHER);
  const soft = await askTeacher(teacher, set, settings.images, 'training images', options.cache);
  const onTest = await askTeacher(teacher, testSet, testSet.shape[0], 'test images', options.cache);

  // The student, alone and distilled, once per seed: same start, same labels, same optimizer.
  const criterion = () => knowledgeDistillation({ temperature: settings.temperature, alpha: settings.alpha });
  const seeds = Array.from({ length: settings.seeds }, (_, i) => i + 1);
  const curves: Curve[] = [];
  const trainings: TrainingRecord[] = [];
  const measure = async (
    model: LayersModel,
    name: string,
  ): Promise<{ evaluation: Evaluation; result: NetworkResult }> => {
    const dir = join(options.out, name);
    await model.save(fileSystem(dir));
    const evaluation = await evaluateModel(model, test, { teacher: storedTeacher(onTest) });
    return { evaluation, result: resultOf(evaluation, await bytesOf(dir)) };
  };
  const runs: Record<Curve['network'], NetworkResult[]> = { alone: [], distilled: [] };
  for (const seed of seeds) {
    const labelled = drawLabelled(set.labels.subarray(0, settings.images), settings.labels, seed);
    for (const network of ['alone', 'distilled'] as const) {
      const student = kerasStudent(seed);
      const start = performance.now();
      const points = await train(student, {
        name: `${NETWORKS[network]}, seed ${seed}`,
        set,
        test,
        seed,
        training: settings[network],
        ...(network === 'alone'
          ? { rows: labelled }
          : {
              rows: everyRow(set).subarray(0, settings.images),
              labelled: new Set(labelled), // of the others it sees the soft targets alone
              teacher: storedTeacher(soft),
              criterion: criterion(),
            }),
      });
      const seconds = secondsSince(start);
      const { evaluation, result } = await measure(student, seed === 1 ? network : `${network}-${seed}`);
      student.dispose();
      const steps = (points.at(-1)?.images ?? 0) / settings[network].batchSize;
      trainings.push({ network, seed, history: points.map(historyRow), evaluation, seconds, steps });
      runs[network].push(result);
      curves.push({ network, seed, points });
      say(`${NETWORKS[network]}, seed ${seed}: ${percent(result.accuracy)}`);
    }
  }

  const ofTeacher = await measure(teacher, 'teacher');
  const step = await stepTimes(set, settings.images, { teacher, store: soft, criterion });
  onTest.dispose();
  const results: Results = {
    engine,
    settings,
    seeds,
    testImages: testSet.shape[0],
    teacher: ofTeacher.result,
    alone: meanOf(runs.alone),
    distilled: meanOf(runs.distilled),
    step,
    curves,
    seconds: secondsSince(began),
    node: process.version,
    date: started,
  };
  await writeFile(join(options.out, 'report.json'), `${JSON.stringify(results, null, 2)}\n`);
  const record = runRecord(results, soft.header.dataset, ofTeacher.evaluation, trainings);
  await writeFile(join(options.out, 'run.json'), `${JSON.stringify(record, null, 2)}\n`);
  await writeReport(record, join(options.out, 'report.html'));
  say(
    `\n${table(tableCells(results), tableStyle)}${legend(results)}\n\n${finding(results)}\n${stepLine(step)}`,
  );
  say(`${results.seconds.toFixed(0)} s in all. Students, report.json and report.html are in ${options.out}.`);
  if (options.record) {
    const places = { '--data': 'FOLDER', '--teacher': 'FOLDER', '--out': 'FOLDER', '--cache': 'FOLDER' };
    const command = typedCommand('npm start', process.argv.slice(2), places);
    say(`Kept in ${await keepRecord(exampleRecord(results, command))}.`);
  }
  if (options.json) {
    const { engine, teacher, alone, distilled, seconds } = results;
    say(JSON.stringify({ engine, teacher, alone, distilled, seconds }));
  }
}

/** The preset, with what the command line says otherwise. */
function settingsOf(options: Options, available: number): Settings {
  const preset = options.full ? FULL : DEFAULT;
  const epochs = (training: Training) => ({ ...training, epochs: options.epochs ?? training.epochs });
  const images = Math.min(options.images ?? preset.images, available);
  return {
    ...preset,
    images,
    seeds: options.seeds ?? preset.seeds,
    labels: Math.min(options.labels ?? preset.labels, images),
    alone: epochs(preset.alone),
    distilled: epochs(preset.distilled),
  };
}

async function askTeacher(
  teacher: LayersModel,
  set: Samples,
  count: number,
  what: string,
  cache: string,
): Promise<TeacherStore> {
  const ids = everyRow(set).subarray(0, count); // positions
  const header = {
    classes: 10,
    teacher: await modelFingerprint(teacher),
    dataset: fingerprint(set.values, ids),
  };
  const began = performance.now();
  const found = await cachedTeacherStore(cache, header, ids, (missing) =>
    answers(teacher, set, missing, `teacher: ${what}`),
  );
  if (found.refused !== undefined) say(found.refused);
  const how = found.reused ? `read from ${found.path}` : `computed in ${secondsSince(began).toFixed(1)} s`;
  say(`The teacher's logits of ${count.toLocaleString('en')} ${what}: ${how}.`);
  return found.store;
}

async function loadTeacher(dir: string): Promise<LayersModel> {
  try {
    return await loadLayersModel(fileSystem(dir));
  } catch (cause) {
    const hint = 'Train a teacher with `npm start -- --train-teacher`.';
    throw new DistillError('DATA', messageOf(cause), { where: 'teacher', hint, cause });
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1000;
}

const command = new Command('npm start --')
  .description('Distils an MNIST teacher into a small student and compares it with the same student alone.')
  .option('--full', "the settings of Keras's example: its teacher, all labels")
  .option('--train-teacher', 'train the teacher that the repository ships, and write it')
  .option('--json', 'print the results as one JSON object, as the last line')
  .option('--record', 'keep what it found in packages/examples/results, for `npm run examples:table`')
  .option('--seeds <n>', 'how many students of each kind to train', wholeNumber)
  .option('--labels <n>', 'images whose labels the student sees', wholeNumber)
  .option('--images <n>', "images with the teacher's soft targets", wholeNumber)
  .option('--epochs <n>', 'epochs of every training', wholeNumber)
  .option('--engine <name>', 'tensorflow-gpu, tensorflow, wasm or cpu; default the fastest that runs here')
  .option('--out <folder>', 'where the students and the report go', 'runs/mnist-distiller')
  .option('--cache <folder>', "where the teacher's logits are kept", '.cache/mnist-distiller')
  .option('--data <folder>', 'the four idx files; default: those of the npm package')
  .option(
    '--teacher <folder>',
    'a LayersModel that teaches; default: the shipped one, with --full a trained one',
  );

try {
  await main(command.parse().opts<Options>());
} catch (error) {
  if (!(error instanceof DistillError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
