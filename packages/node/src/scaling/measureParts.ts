import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeHeader, type TeacherSource } from '@tfjs-distill/core';
import { compiledTeacher } from '../compiled/compiledTeacher.js';
import { type Dataset } from '../data/Dataset.js';
import { openDataset } from '../data/openDataset.js';
import { sampleBatches } from '../data/sampleBatches.js';
import { everyRow } from '../data/sampleTensors.js';
import { featureShapes } from '../label/featureShapes.js';
import { type LoadedConfig } from '../run/config/readRunConfig.js';
import { planTrainings, type TrainingPlan } from '../run/plan.js';
import { rehearse } from '../run/rehearse.js';
import { RunFolder } from '../run/RunFolder.js';
import { openTeachers } from '../run/runTeacher.js';
import { plannedManager, plannedStudent, type TrainingParts as RunParts } from '../run/trainingRecord.js';
import { type CostModel } from './costModel.js';
import { measureLabelling, type MeasuredLabelling } from './measureLabelling.js';
import { type MeasuredTraining, measureTraining } from './measureTraining.js';
import { ETHERNET, type Network } from './Parts.js';
import { trialStore } from './trialStore.js';

export interface MeasureOptions {
  /** Between workers. Not measured. Default 10 Gbit/s Ethernet. */
  readonly network?: Network | undefined;
  /** Samples of a shard. Default 4,096, as `distill label` has. */
  readonly shardSamples?: number | undefined;
  /** What a queue does for a shard, seconds. Not measured. Default 1 ms: a thousand shards a second. */
  readonly queueSeconds?: number | undefined;
  /** Seconds that are not seen from here: the start of the process and of the engine. Default 0. */
  readonly before?: number | undefined;
  /** About how long the teacher, and each of two kinds of steps, may be timed, seconds. Default 4. */
  readonly budget?: number | undefined;
}

/** A run that is looked at, not carried out. */
interface Trial {
  readonly loaded: LoadedConfig;
  readonly dataset: Dataset;
  readonly folder: RunFolder;
  readonly budget: number;
}

/**
 * Measures what a run is made of on this machine: its own teacher, student and data, asked and trained for seconds.
 * Nothing is left behind; the run's folder is not touched. Select an engine before.
 *
 * @throws DistillError for whatever does not fit or cannot be opened, as `distillRun`.
 * @example
 * const model = await measureParts(await readRunConfig('mnist.yaml'));
 * planRows(model, { samples: [1e8], workers: [1, 100] });
 */
export async function measureParts(loaded: LoadedConfig, options: MeasureOptions = {}): Promise<CostModel> {
  const { config, base } = loaded;
  const { network = ETHERNET, shardSamples = 4096, queueSeconds = 1e-3, before = 0, budget = 4 } = options;
  const began = performance.now();
  const dataset = await openDataset(config.dataset, base);
  const { teacher, combine } = config;
  const opened = teacher === undefined ? undefined : await openTeachers(teacher, { dataset, base, combine });
  const source = opened?.source;
  try {
    const folder = new RunFolder(join(tmpdir(), 'distill-plan-no-run')); // names the places of plugins' files
    const trial = { loaded, dataset, folder, budget };
    const { taps } = await rehearse(trial, source);
    const startSeconds = before + (performance.now() - began) / 1000;
    const asked = source && asksModel(loaded) ? await timeTeacher(source, taps, trial) : undefined;
    const plan = distilledOf(loaded);
    const { batchSize, epochs } = plan.training;
    const training = await timeTraining(plan, source, config.storeTeacher ? asked : undefined, trial);
    return {
      labelling: asked && { ...asked.parts, shardSamples, queueSeconds, startSeconds },
      training: { ...training, batchSize, epochs, startSeconds },
      network,
    };
  } finally {
    opened?.dispose();
  }
}

const distilledOf = ({ config }: LoadedConfig): TrainingPlan =>
  planTrainings(config).find(({ network }) => network === 'distilled') as TrainingPlan;

/** Stored answers need no labelling. */
const asksModel = ({ config: { teacher } }: LoadedConfig): boolean =>
  [teacher ?? []].flat().some((one) => typeof one === 'string' || !('store' in one));

async function timeTeacher(
  source: TeacherSource,
  taps: readonly string[],
  { dataset, budget }: Trial,
): Promise<MeasuredLabelling> {
  const kept = { ...source, dispose: () => undefined };
  const teacher = compiledTeacher(kept);
  try {
    const header = storeHeader({
      classes: dataset.classNames.length,
      teacher: 'trial',
      dataset: dataset.fingerprint,
      features: await featureShapes(teacher, dataset.train, taps),
    });
    return await measureLabelling(teacher, dataset.train, header, budget);
  } finally {
    teacher.dispose?.();
  }
}

/** As the run trains: with stored answers, or with the teacher as it is opened. */
async function timeTraining(
  plan: TrainingPlan,
  opened: TeacherSource | undefined,
  stored: MeasuredLabelling | undefined,
  { loaded, dataset, folder, budget }: Trial,
): Promise<MeasuredTraining> {
  const { batchSize, augment } = plan.training;
  const rows = everyRow(dataset.train).subarray(0, 4 * batchSize);
  const ids = rows.map((row) => dataset.train.ids[row] ?? 0);
  const store = stored && (await trialStore(stored.answers, stored.header, ids));
  const parts: Pick<RunParts, 'loaded' | 'dataset' | 'folder'> = { loaded, dataset, folder };
  const student = await plannedStudent(plan, parts);
  try {
    const teacher = store?.source ?? opened;
    const manager = await plannedManager(student, plan, withoutPlugins(parts), { teacher });
    try {
      const batchesOf = (size: number) =>
        sampleBatches(dataset.train, { rows, batchSize: size, seed: plan.seed, augment });
      return await measureTraining(manager, batchesOf, batchSize, budget);
    } finally {
      manager.dispose();
    }
  } finally {
    student.dispose();
    await store?.dispose();
  }
}

/** Guests such as event files would write into the run's folder. */
const withoutPlugins = <Parts extends Pick<RunParts, 'loaded' | 'folder'>>(parts: Parts): Parts => ({
  ...parts,
  loaded: { ...parts.loaded, config: { ...parts.loaded.config, plugins: [] } },
});
