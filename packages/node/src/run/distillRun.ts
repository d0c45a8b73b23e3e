import { dirname, join, resolve } from 'node:path';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type Plugin } from '@tfjs-distill/core';
import { openDataset } from '../data/openDataset.js';
import { type EngineReport } from '../engine/selectEngine.js';
import { evaluateModel } from '../evaluation/evaluateModel.js';
import { exportStudent } from '../export/exportStudent.js';
import { type Collective, soloCollective } from '../mpi/Collective.js';
import { byLeader, leaderFirst } from '../mpi/leader.js';
import { openModel } from '../models/openModel.js';
import { writeReport } from '../report/writeReport.js';
import { type LoadedConfig } from './config/readRunConfig.js';
import { gitCommit, versions } from './environment.js';
import { Interrupted } from './Interrupted.js';
import { planLine, planTrainings, type TrainingPlan } from './plan.js';
import { rehearse } from './rehearse.js';
import { testData } from './runData.js';
import { RunFolder } from './RunFolder.js';
import { type RunRecord, type TrainingRecord } from './RunRecord.js';
import { type OpenTeachers, openTeachers, type RunTeacher, runTeacher } from './runTeacher.js';
import { trainingRecord, type TrainingParts } from './trainingRecord.js';
import { type WorkClock } from './WorkClock.js';

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
  /** Processes that train together, `worldCollective()`; rank 0 writes. Default: this one alone. */
  readonly ranks?: Collective | undefined;
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
  const { ranks = soloCollective } = options;
  const dataset = await leaderFirst(ranks, () => openDataset(config.dataset, base));
  const folder = new RunFolder(resolve(options.output ?? config.output ?? join('runs', config.name)));
  const { teacher, combine } = config;
  const open = () =>
    teacher === undefined ? Promise.resolve(undefined) : openTeachers(teacher, { dataset, base, combine });
  const opened = await leaderFirst(ranks, open);
  try {
    const parts = { loaded, options, dataset, folder };
    const { taps, parameters } = await leaderFirst(ranks, () => rehearse(parts, opened?.source));
    options.onMessage?.(planLine(config, dataset, { parameters }));
    const now = { config, fingerprint: dataset.fingerprint, started: new Date().toISOString() };
    const { started, finished } = await byLeader(ranks, async () => ({
      ...(await folder.begin(now, options.how ?? 'new')),
      finished: await folder.record(),
    }));
    if (finished === undefined) return await carryOut(parts, opened, taps, started);
    options.onMessage?.(`This run is finished: ${folder.path}.`);
    return finished;
  } finally {
    opened?.dispose();
  }
}

type Parts = Omit<TrainingParts, 'teacher'>;

async function carryOut(
  parts: Parts,
  opened: OpenTeachers | undefined,
  taps: readonly string[],
  started: string,
): Promise<RunRecord> {
  const { folder, loaded, options } = parts;
  const { ranks = soloCollective } = options;
  const clock = await folder.clock();
  const teacher = opened && (await leaderFirst(ranks, () => readyTeacher(opened, taps, parts)));
  try {
    const trainings: TrainingRecord[] = [];
    for (const plan of planTrainings(loaded.config)) {
      trainings.push(await trainingRecord(plan, { ...parts, teacher }));
      if (ranks.rank === 0) await clock.save();
    }
    return await byLeader(ranks, async () => {
      const record = await recordOf(parts, { started, trainings, teacher, clock });
      await exportFirst(record, folder);
      await writeReport(record, join(folder.path, 'report.html'));
      await folder.writeRecord(record);
      return record;
    });
  } finally {
    if (ranks.rank === 0) await clock.save();
    teacher?.dispose();
  }
}

async function readyTeacher(
  opened: OpenTeachers,
  taps: readonly string[],
  { loaded: { config, base }, dataset, folder, options }: Parts,
): Promise<RunTeacher> {
  const { onMessage = () => undefined, onLabelling, signal } = options;
  if (config.storeTeacher) {
    const cache = join(dirname(folder.path), '.teachers');
    await opened.label(taps, { cache, dataset, onMessage, onProgress: onLabelling, signal });
    if (signal?.aborted) throw new Interrupted(folder.path, 'what is labelled is kept');
  }
  return runTeacher(opened, config.teacher as NonNullable<typeof config.teacher>, base);
}

interface Found {
  readonly started: string;
  readonly trainings: readonly TrainingRecord[];
  readonly teacher: RunTeacher | undefined;
  readonly clock: WorkClock;
}

async function recordOf({ loaded, options, dataset }: Parts, found: Found): Promise<RunRecord> {
  const { config, base } = loaded;
  const { started, trainings, teacher, clock } = found;
  const { classNames, fingerprint } = dataset;
  const git = await gitCommit(base);
  const evaluation =
    teacher?.subject && (await evaluateModel(teacher.subject, testData(dataset), { classNames }));
  return {
    format: 'tfjs-distill.run.1',
    name: config.name,
    config: config,
    engine: options.engine.engine,
    versions: versions(options.engine.version),
    ...(git !== undefined && { git }),
    fingerprint,
    started,
    seconds: clock.seconds,
    classNames,
    ...(evaluation && { teacher: evaluation }),
    trainings,
  };
}

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
