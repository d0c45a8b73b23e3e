import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { attachExits, checkpoints, DistillError, type Plugin } from '@tfjs-distill/core';
import { type Dataset } from '../data/Dataset.js';
import { drawLabelled } from '../data/drawLabelled.js';
import { openDataset } from '../data/openDataset.js';
import { inOrder, sampleBatches } from '../data/sampleBatches.js';
import { everyRow } from '../data/sampleTensors.js';
import { type EngineReport } from '../engine/selectEngine.js';
import { evaluateModel } from '../evaluation/evaluateModel.js';
import { exportStudent } from '../export/exportStudent.js';
import { fileSystem } from '../io/fileSystem.js';
import { openModel } from '../models/openModel.js';
import { writeReport } from '../report/writeReport.js';
import { type LoadedConfig } from './config/readRunConfig.js';
import { type RunConfig } from './config/runSchema.js';
import { gitCommit, versions } from './environment.js';
import { hasCheckpoint } from './hasCheckpoint.js';
import { openStudent } from './openStudent.js';
import { criteriaOf, pluginsOf, stagesOf } from './parts.js';
import { planLine, planTrainings, type TrainingPlan } from './plan.js';
import { RunFolder } from './RunFolder.js';
import { type RunRecord, type TrainingRecord } from './RunRecord.js';
import { type RunTeacher, runTeacher } from './runTeacher.js';
import { trainStudent } from './trainStudent.js';

/** Who is told of a run. */
export interface RunListener {
  /** Lines for people: the plan, what has come of each part. */
  readonly onMessage?: ((line: string) => void) | undefined;
  /** Guests of every training, such as a progress bar. */
  readonly pluginsFor?: ((training: TrainingPlan) => readonly Plugin[]) | undefined;
  /** How far the teacher's labelling is. */
  readonly onLabelling?: ((done: number, total: number) => void) | undefined;
}

export interface RunOptions extends RunListener {
  readonly engine: EngineReport;
  /** Folder of the run. Default the configuration's, else `runs/NAME` in the working folder. */
  readonly output?: string | undefined;
  /** `new` wants a folder without a run, `resume` goes on with one that began the same, `force` replaces it. */
  readonly how?: 'new' | 'resume' | 'force' | undefined;
  /** Ends the running step, writes a checkpoint, and makes the run throw `Interrupted`. */
  readonly signal?: AbortSignal | undefined;
}

/** The run was asked to stop; it can be resumed. */
export class Interrupted extends DistillError {
  override readonly name = 'Interrupted';
  constructor(folder: string) {
    super('ORDER', `Stopped; a checkpoint is written. --resume goes on with it.`, { where: folder });
  }
}

/**
 * Carries out a run: for each seed the student alone and distilled, everything evaluated beside the teacher.
 *
 * The folder gets `config.yaml`, `run.json`, `report.html`, `student/` (the first seed's distilled one, for use), and a
 * folder for each training with model, checkpoints and record. What is finished is not done again by `resume`.
 *
 * @returns The record that `run.json` holds.
 * @throws DistillError for whatever does not fit or cannot be opened, before any training; `Interrupted` after `signal`.
 * @example
 * const loaded = await readRunConfig('mnist.yaml', ['criterion.temperature=8']);
 * const { trainings } = await distillRun(loaded, { engine: await selectEngine() });
 */
export async function distillRun(loaded: LoadedConfig, options: RunOptions): Promise<RunRecord> {
  const { config, base } = loaded;
  const began = performance.now();
  const say = options.onMessage ?? (() => undefined);
  const dataset = await openDataset(config.dataset, base);
  const folder = new RunFolder(resolve(options.output ?? config.output ?? join('runs', config.name)));
  const students = { inputShape: dataset.inputShape, classes: dataset.classNames.length };
  const first = await openStudent(config.student, { ...students, seed: 0 }, base);
  say(planLine(config, dataset, { parameters: first.countParams() }));
  first.dispose();
  const now = { config, fingerprint: dataset.fingerprint, started: new Date().toISOString() };
  const { started } = await folder.begin(now, options.how ?? 'new');
  const finished = await folder.record();
  if (finished !== undefined) return finished;
  const teacher = await openRunTeacher(loaded, dataset, dirname(folder.path), options);
  try {
    const parts = { loaded, options, dataset, folder, teacher, students };
    const trainings: TrainingRecord[] = [];
    for (const plan of planTrainings(config)) trainings.push(await trainingRecord(plan, parts));
    const git = await gitCommit(base);
    const record: RunRecord = {
      format: 'tfjs-distill.run.1',
      name: config.name,
      config: config,
      engine: options.engine.engine,
      versions: versions(options.engine.version),
      ...(git !== undefined && { git }),
      fingerprint: dataset.fingerprint,
      started,
      seconds: (performance.now() - began) / 1000,
      classNames: dataset.classNames,
      ...(teacher?.subject && {
        teacher: await evaluateModel(teacher.subject, testData(dataset), { classNames: dataset.classNames }),
      }),
      trainings,
    };
    await exportFirst(record, folder);
    await writeReport(record, join(folder.path, 'report.html'));
    await folder.writeRecord(record);
    return record;
  } finally {
    teacher?.dispose();
  }
}

interface Parts {
  readonly loaded: LoadedConfig;
  readonly options: RunOptions;
  readonly dataset: Dataset;
  readonly folder: RunFolder;
  readonly teacher: RunTeacher | undefined;
  readonly students: { readonly inputShape: readonly number[]; readonly classes: number };
}

function openRunTeacher(
  { config, base }: LoadedConfig,
  dataset: Dataset,
  runs: string,
  { onMessage = () => undefined, onLabelling }: RunListener,
): Promise<RunTeacher> | undefined {
  if (config.teacher === undefined) return undefined;
  return runTeacher(config.teacher, {
    dataset,
    base,
    cache: join(runs, '.teachers'),
    store: config.storeTeacher,
    combine: config.combine,
    onMessage,
    onProgress: onLabelling,
  });
}

/** A finished training's record, or that of carrying it out. */
async function trainingRecord(plan: TrainingPlan, parts: Parts): Promise<TrainingRecord> {
  const { folder, loaded, students, options } = parts;
  const finished = await folder.training(plan);
  if (finished !== undefined) return finished;
  const began = performance.now();
  const student = withExits(
    await openStudent(loaded.config.student, { ...students, seed: plan.seed }, loaded.base),
    plan,
    loaded.config,
  );
  try {
    const history = await train(student, plan, parts);
    if (options.signal?.aborted) throw new Interrupted(folder.path);
    await student.save(fileSystem(join(folder.folderOf(plan), 'model')));
    const record: TrainingRecord = {
      network: plan.network,
      seed: plan.seed,
      history: history.epochs,
      evaluation: await evaluate(student, parts),
      seconds: (performance.now() - began) / 1000,
      steps: history.steps,
      ...(history.stopReason !== undefined && { stopReason: history.stopReason }),
    };
    await folder.writeTraining(record);
    await rm(checkpointsOf(plan, folder), { recursive: true, force: true }); // the model is there
    const accuracy = `${(100 * record.evaluation.accuracy).toFixed(2)} %`;
    options.onMessage?.(
      `Student ${plan.network}, seed ${plan.seed}: ${accuracy} in ${record.seconds.toFixed(0)} s.`,
    );
    return record;
  } finally {
    student.dispose();
  }
}

/** Disposing the model with exits frees the given one too. */
function withExits(student: LayersModel, { network, seed }: TrainingPlan, { exits }: RunConfig): LayersModel {
  if (network === 'alone' || exits === undefined) return student;
  try {
    return attachExits(student, exits, { seed });
  } catch (error) {
    student.dispose();
    throw error;
  }
}

const checkpointsOf = (plan: TrainingPlan, folder: RunFolder) => join(folder.folderOf(plan), 'checkpoints');

async function train(student: LayersModel, plan: TrainingPlan, parts: Parts) {
  const { loaded, dataset, folder, teacher, options } = parts;
  const { config, base } = loaded;
  const dir = checkpointsOf(plan, folder);
  const resume = (await hasCheckpoint(dir)) ? dir : undefined;
  const distilled = plan.network === 'distilled';
  return trainStudent(student, {
    ...dataOf(plan, dataset, config),
    training: plan.training,
    seed: plan.seed,
    test: testData(dataset),
    ...(distilled && {
      teacher: teacher?.source,
      criterion: config.criterion && (await criteriaOf(config.criterion, base)),
      stages: config.stages && (await stagesOf(config.stages, base)),
    }),
    plugins: [
      ...(await pluginsOf(config.plugins, base)),
      checkpoints({ dir, keep: 2 }),
      ...(options.pluginsFor?.(plan) ?? []),
    ],
    resume,
    signal: options.signal,
  });
}

/** Alone a student learns nothing of samples without a label; distilled it hears the teacher on all. */
function dataOf({ network, seed, training }: TrainingPlan, { train: samples }: Dataset, config: RunConfig) {
  const held = config.validation === undefined ? [] : drawLabelled(samples.labels, config.validation, seed);
  const isHeld = new Set(held);
  const free = everyRow(samples).filter((row) => !isHeld.has(row));
  const seen = drawFrom(free, samples.labels, config.labels ?? Infinity, seed);
  const { batchSize, augment } = training;
  const rows = network === 'alone' ? seen : free;
  return {
    data: sampleBatches(samples, { rows, batchSize, seed, labelled: new Set(seen), augment }),
    ...(held.length > 0 && { validation: inOrder(samples, Int32Array.from(held), 256) }),
  };
}

function drawFrom(rows: Int32Array, labels: Int32Array, count: number, seed: number): Int32Array {
  const drawn = drawLabelled(
    rows.map((row) => labels[row] ?? -1),
    count,
    seed,
  );
  return drawn.map((i) => rows[i] ?? 0);
}

const testData = ({ test }: Dataset) => inOrder(test, everyRow(test), 256);

const evaluate = (student: LayersModel, { dataset, teacher }: Parts) =>
  evaluateModel(student, testData(dataset), {
    classNames: dataset.classNames,
    ...(teacher?.reference && { teacher: teacher.reference }),
  });

/** The first seed's distilled student, for use. */
async function exportFirst(record: RunRecord, folder: RunFolder): Promise<void> {
  const training = record.trainings.find(({ network }) => network === 'distilled');
  if (training === undefined) return;
  const student = (await openModel(join(folder.folderOf(training), 'model'))) as LayersModel;
  try {
    const card = { title: record.name, evaluation: training.evaluation, record };
    await exportStudent(student, join(folder.path, 'student'), { card });
  } finally {
    student.dispose();
  }
}
