import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  attachExits,
  checkpoints,
  type CompressionManager,
  type History,
  type Plugin,
  type TeacherSource,
} from '@tfjs-distill/core';
import { type Dataset } from '../data/Dataset.js';
import { evaluateModel } from '../evaluation/evaluateModel.js';
import { fileSystem } from '../io/fileSystem.js';
import { soloCollective } from '../mpi/Collective.js';
import { dataParallel } from '../mpi/mpiDataParallel.js';
import { byLeader } from '../mpi/leader.js';
import { anyRank } from '../mpi/ranksAgree.js';
import { type LoadedConfig } from './config/readRunConfig.js';
import { type RunConfig } from './config/runSchema.js';
import { type RunOptions } from './distillRun.js';
import { Interrupted } from './Interrupted.js';
import { openStudent } from './openStudent.js';
import { criteriaOf, pluginsOf, pluginsOn, stagesOf } from './parts.js';
import { type TrainingPlan } from './plan.js';
import { runData, testData, testPart } from './runData.js';
import { type RunFolder } from './RunFolder.js';
import { type TrainingRecord } from './RunRecord.js';
import { type RunTeacher } from './runTeacher.js';
import { sharedCheckpoint } from './sharedCheckpoint.js';
import { managerOf, trainStudent } from './trainStudent.js';
import { type WorkClock } from './WorkClock.js';

/** What all trainings of a run have in common. */
export interface TrainingParts {
  readonly loaded: LoadedConfig;
  readonly options: RunOptions;
  readonly dataset: Dataset;
  readonly folder: RunFolder;
  readonly teacher: RunTeacher | undefined;
}

/** A finished training's record, or that of carrying it out. */
export async function trainingRecord(plan: TrainingPlan, parts: TrainingParts): Promise<TrainingRecord> {
  const { folder, options } = parts;
  const { ranks = soloCollective } = options;
  const finished = await byLeader(ranks, () => folder.training(plan));
  if (finished !== undefined) return finished;
  const clock = await folder.clock(plan);
  const student = await plannedStudent(plan, parts);
  try {
    const history = await train(student, plan, parts, clock);
    if (anyRank(ranks, options.signal?.aborted === true))
      throw new Interrupted(folder.path, 'a checkpoint is written');
    return await byLeader(ranks, () => finish(student, { plan, parts, history, clock }));
  } finally {
    student.dispose();
  }
}

interface Finished {
  readonly plan: TrainingPlan;
  readonly parts: TrainingParts;
  readonly history: History;
  readonly clock: WorkClock;
}

/** Saves, evaluates and records a trained student. */
async function finish(
  student: LayersModel,
  { plan, parts, history, clock }: Finished,
): Promise<TrainingRecord> {
  const { folder, options } = parts;
  await student.save(fileSystem(join(folder.folderOf(plan), 'model')));
  const record: TrainingRecord = {
    network: plan.network,
    seed: plan.seed,
    history: history.epochs,
    evaluation: await evaluate(student, parts),
    seconds: clock.seconds,
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
}

/** A training's student as it begins. */
export async function plannedStudent(
  { network, seed }: Pick<TrainingPlan, 'network' | 'seed'>,
  { loaded: { config, base }, dataset }: Pick<TrainingParts, 'loaded' | 'dataset'>,
): Promise<LayersModel> {
  const plan = { inputShape: dataset.inputShape, classes: dataset.classNames.length, seed };
  const student = await openStudent(config.student, plan, base);
  return network === 'alone' ? student : withExits(student, seed, config);
}

/** Disposing the model with exits frees the given one too. */
function withExits(student: LayersModel, seed: number, { exits }: RunConfig): LayersModel {
  if (exits === undefined) return student;
  try {
    return attachExits(student, exits, { seed });
  } catch (error) {
    student.dispose();
    throw error;
  }
}

/** A rehearsal needs no more of a run. */
type PlannedParts = Pick<TrainingParts, 'loaded' | 'folder'> & {
  readonly options?: Pick<RunOptions, 'ranks'>;
};

/** What a training is going to do, in one object. Own plugins come last. */
export async function plannedManager(
  student: LayersModel,
  plan: TrainingPlan,
  { loaded, folder, options }: PlannedParts,
  { teacher, own = [] }: { readonly teacher: TeacherSource | undefined; readonly own?: readonly Plugin[] },
): Promise<CompressionManager> {
  const { config, base } = loaded;
  const { criterion, stages } = config;
  return managerOf(student, {
    training: plan.training,
    ...(plan.network === 'distilled' && {
      teacher,
      criterion: criterion && (await criteriaOf(criterion, base)),
      stages: stages && (await stagesOf(stages, base)),
    }),
    plugins: [
      ...(await pluginsOf(pluginsOn(config.plugins, options?.ranks?.rank), base, folder.folderOf(plan))),
      ...own,
    ],
  });
}

const checkpointsOf = (plan: TrainingPlan, folder: RunFolder) => join(folder.folderOf(plan), 'checkpoints');

async function train(student: LayersModel, plan: TrainingPlan, parts: TrainingParts, clock: WorkClock) {
  const { loaded, dataset, folder, teacher, options } = parts;
  const { ranks = soloCollective, onMessage = () => undefined } = options;
  const { validation, unlabelled, data } = runData(plan, dataset, loaded.config, ranks);
  const dir = checkpointsOf(plan, folder);
  const resume = await sharedCheckpoint(ranks, dir);
  const saving: Plugin = { name: 'clock', onEpochEnd: { order: 'observer', handler: () => clock.save() } };
  const own = [
    dataParallel(ranks, { unlabelled, onMessage, ...(validation && { validation: validation.samples }) }),
    ...(ranks.rank === 0 ? [checkpoints({ dir, keep: 2 }), saving] : []),
    ...(options.pluginsFor?.(plan) ?? []),
  ];
  const manager = await plannedManager(student, plan, parts, { teacher: teacher?.source, own });
  try {
    return await trainStudent(manager, {
      data,
      ranks,
      validation: validation?.data,
      epochs: plan.training.epochs,
      seed: plan.seed,
      test: testPart(dataset, ranks),
      resume,
      signal: options.signal,
    });
  } finally {
    if (ranks.rank === 0) await clock.save();
  }
}

const evaluate = (student: LayersModel, { dataset, teacher }: TrainingParts) =>
  evaluateModel(student, testData(dataset), {
    classNames: dataset.classNames,
    ...(teacher?.reference && { teacher: teacher.reference }),
  });
