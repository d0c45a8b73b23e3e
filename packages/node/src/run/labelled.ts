import { mkdir, statfs } from 'node:fs/promises';
import {
  DistillError,
  rowBytes,
  type StoreHeader,
  storeHeader,
  storedTeacher,
  type TeacherRows,
  type TeacherSource,
} from '@tfjs-distill/core';
import { lock } from 'proper-lockfile';
import { type Dataset } from '../data/Dataset.js';
import { everyRow } from '../data/sampleTensors.js';
import { featureShapes } from '../label/featureShapes.js';
import { askTeacher } from '../label/labelSamples.js';
import { bytesText, countText } from '../report/texts.js';
import { cachedTeacherStore } from '../store/cachedTeacherStore.js';
import { type OpenedTeacher } from '../teachers/openTeacher.js';

export interface LabelledOptions {
  readonly dataset: Dataset;
  /** Folder of stored answers, shared by runs. */
  readonly cache: string;
  readonly onMessage: (line: string) => void;
  /** Hears how many samples have been asked. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Ends after the running batch; what is labelled stays. */
  readonly signal?: AbortSignal | undefined;
}

const BATCH = 256;

/**
 * The teacher's answers to all samples, training and test, asked once and read from disk from then on.
 *
 * @param teacher Taken over: disposed once its answers are there.
 * @param taps Layers whose outputs are stored too.
 * @returns Where `signal` ended it, the teacher itself.
 * @throws DistillError as `createTeacherStore`; `DATA` if the disk has no room.
 */
export async function labelled(
  teacher: OpenedTeacher,
  taps: readonly string[],
  options: LabelledOptions,
): Promise<TeacherSource> {
  const { dataset, cache, onMessage, signal } = options;
  const ids = Int32Array.from([...dataset.train.ids, ...dataset.test.ids]);
  const header = storeHeader({
    classes: dataset.classNames.length,
    teacher: teacher.fingerprint,
    dataset: dataset.fingerprint,
    features: await featureShapes(teacher, dataset.train, taps),
  });
  await mkdir(cache, { recursive: true });
  // runs of one sweep share the cache; one labels, the others wait for it
  const release = await lock(cache, { retries: { forever: true, minTimeout: 200, maxTimeout: 2000 } });
  try {
    const began = performance.now();
    const found = await cachedTeacherStore(cache, header, ids, (missing) =>
      answers(teacher, header, missing, options),
    );
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    if (found.refused !== undefined) onMessage(found.refused);
    const what = `Teacher: ${countText(ids.length)} answers${taps.length > 0 ? ` with ${taps.join(', ')}` : ''}`;
    onMessage(
      found.reused
        ? `${what} read from ${found.path}.`
        : `${what} computed in ${seconds} s, kept in ${found.path}.`,
    );
    const source = storedTeacher(found.store, { name: teacher.name });
    teacher.dispose?.();
    return { ...source, dispose: () => found.store.dispose() };
  } catch (error) {
    if (signal?.aborted && error === STOPPED) return teacher;
    throw error;
  } finally {
    await release();
  }
}

const STOPPED = new Error('Labelling was stopped.');

async function* answers(
  teacher: TeacherSource,
  header: StoreHeader,
  missing: Int32Array,
  { dataset, cache, onProgress, signal }: LabelledOptions,
): AsyncGenerator<TeacherRows> {
  await assertRoom(cache, rowBytes(header) * missing.length);
  const wanted = new Set(missing);
  let done = 0;
  for (const samples of [dataset.train, dataset.test]) {
    const rows = everyRow(samples).filter((row) => wanted.has(samples.ids[row] ?? -1));
    for (let at = 0; at < rows.length; at += BATCH) {
      if (signal?.aborted) throw STOPPED;
      const answered = await askTeacher(teacher, samples, rows.subarray(at, at + BATCH), { header });
      yield answered;
      onProgress?.((done += answered.ids.length), missing.length);
    }
  }
}

/** Features of large layers fill a disk: better to know before hours of asking. */
async function assertRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bytes <= bavail * bsize) return;
  throw new DistillError(
    'DATA',
    `The teacher's answers take ${bytesText(bytes)}, and ${bytesText(bavail * bsize)} are left.`,
    { where: folder, hint: '`storeTeacher: false` asks the teacher in every step and stores nothing.' },
  );
}
