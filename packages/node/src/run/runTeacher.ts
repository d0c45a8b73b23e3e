import { dispose } from '@tensorflow/tfjs-core';
import { resolve } from 'node:path';
import {
  ensemble,
  outputTensors,
  rememberingTeacher,
  storedTeacher,
  type TeacherRows,
  type TeacherSource,
} from '@tfjs-distill/core';
import { lock } from 'proper-lockfile';
import { mkdir } from 'node:fs/promises';
import { type Dataset, type Samples } from '../data/Dataset.js';
import { everyRow } from '../data/sampleTensors.js';
import { inOrder } from '../data/sampleBatches.js';
import { type EvaluatedModel } from '../evaluation/Subject.js';
import { openModel } from '../models/openModel.js';
import { cachedTeacherStore } from '../store/cachedTeacherStore.js';
import { openTeacherStore } from '../store/openTeacherStore.js';
import { type OpenedTeacher, openTeacher } from '../teachers/openTeacher.js';
import { type RunConfig } from './config/runSchema.js';

/** The teacher of a run, be it of one model or of several. */
export interface RunTeacher {
  /** What the students learn from. */
  readonly source: TeacherSource;
  /** What agreement is measured against; it remembers its answers. `undefined` where test samples are not stored. */
  readonly reference: TeacherSource | undefined;
  /** What is evaluated: the model itself where there is one, so that its size and speed are known. */
  readonly subject: EvaluatedModel | undefined;
  dispose(): void;
}

export interface RunTeacherOptions {
  readonly dataset: Dataset;
  readonly base: string;
  /** Folder of stored answers, shared by runs. */
  readonly cache: string;
  /** Ask once, keep on disk. */
  readonly store: boolean;
  readonly combine: RunConfig['combine'];
  readonly onMessage: (line: string) => void;
  /** Hears how many samples have been asked. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

type TeacherConfig = NonNullable<RunConfig['teacher']>;
type OneTeacher = Exclude<TeacherConfig, readonly unknown[]>;

const BATCH = 256;

/**
 * Opens what a configuration calls the teacher, and labels the data with it if that is wanted.
 *
 * @throws DistillError as `openTeacher`, `openTeacherStore` and `createTeacherStore`.
 */
export async function runTeacher(config: TeacherConfig, options: RunTeacherOptions): Promise<RunTeacher> {
  const list = (Array.isArray(config) ? config : [config]) as OneTeacher[];
  const members: { source: TeacherSource; weight: number | undefined; hasTest: boolean }[] = [];
  for (const one of list) members.push(await memberOf(one, options));
  const [only] = members;
  const source =
    members.length === 1 && only !== undefined
      ? only.source
      : ensemble(
          members.map((member) => ({ source: member.source, weight: member.weight })),
          { combine: options.combine },
        );
  const subject =
    list.length === 1 && list[0] !== undefined ? await modelOf(list[0], options.base) : undefined;
  const reference = members.every(({ hasTest }) => hasTest) ? rememberingTeacher(source) : undefined;
  return {
    source,
    reference,
    subject: subject ?? reference,
    dispose: () => {
      subject?.dispose();
      (reference ?? source).dispose?.();
    },
  };
}

async function memberOf(config: OneTeacher, options: RunTeacherOptions) {
  const { dataset, base, store } = options;
  if (typeof config !== 'string' && 'store' in config) {
    const opened = await openTeacherStore(resolve(base, config.store), { dataset: dataset.fingerprint });
    const source = { ...storedTeacher(opened), dispose: () => opened.dispose() };
    return { source, weight: config.weight, hasTest: opened.has(dataset.test.ids) };
  }
  const { weight = undefined, ...spec } = typeof config === 'string' ? { model: config } : config;
  const teacher = await openTeacher(spec, base);
  return { source: store ? await labelled(teacher, options) : teacher, weight, hasTest: true };
}

/** The teacher's answers to all samples, training and test, asked once and read from disk from then on. */
async function labelled(teacher: OpenedTeacher, options: RunTeacherOptions): Promise<TeacherSource> {
  const { dataset, cache, onMessage } = options;
  const { train, test } = dataset;
  const ids = Int32Array.from([...train.ids, ...test.ids]);
  const header = {
    classes: dataset.classNames.length,
    teacher: teacher.fingerprint,
    dataset: dataset.fingerprint,
  };
  await mkdir(cache, { recursive: true });
  // runs of one sweep share the cache; one labels, the others wait for it
  const release = await lock(cache, { retries: { forever: true, minTimeout: 200, maxTimeout: 2000 } });
  try {
    const began = performance.now();
    const found = await cachedTeacherStore(cache, header, ids, (missing) => ask(teacher, missing, options));
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    if (found.refused !== undefined) onMessage(found.refused);
    onMessage(
      found.reused
        ? `Teacher: ${ids.length.toLocaleString('en')} answers read from ${found.path}.`
        : `Teacher: ${ids.length.toLocaleString('en')} answers computed in ${seconds} s, kept in ${found.path}.`,
    );
    const source = storedTeacher(found.store, { name: teacher.name });
    return { ...source, dispose: () => found.store.dispose() };
  } finally {
    await release();
    teacher.dispose?.();
  }
}

async function* ask(
  teacher: TeacherSource,
  missing: Int32Array,
  { dataset, onProgress }: RunTeacherOptions,
): AsyncGenerator<TeacherRows> {
  const wanted = new Set(missing);
  let done = 0;
  for (const samples of [dataset.train, dataset.test]) {
    for (const batch of inOrder(samples, rowsOf(samples, wanted), BATCH).batches(0)) {
      try {
        const outputs = await teacher.outputs(batch);
        const values = await outputs.logits.data<'float32'>();
        dispose(outputTensors(outputs));
        yield { ids: batch.ids, logits: values };
        onProgress?.((done += batch.ids.length), missing.length);
      } finally {
        batch.x.dispose();
        batch.y.dispose();
      }
    }
  }
}

const rowsOf = (samples: Samples, ids: ReadonlySet<number>): Int32Array =>
  everyRow(samples).filter((row) => ids.has(samples.ids[row] ?? -1));

/** The model behind a teacher that is one of TensorFlow.js and needs no conversion. */
async function modelOf(config: OneTeacher, base: string) {
  const path = typeof config === 'string' ? config : 'model' in config ? config.model : undefined;
  const plain =
    typeof config === 'string' || Object.keys(config).every((key) => key === 'model' || key === 'name');
  if (path === undefined || !plain || /^\w+:\/\//.test(path)) return undefined;
  return openModel(resolve(base, path)).catch(() => undefined); // of another kind: judged as a source
}
