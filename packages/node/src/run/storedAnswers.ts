import { DistillError, storedTeacher, type TeacherSource, type TeacherStore } from '@tfjs-distill/core';
import { basename } from 'node:path';
import { type Dataset } from '../data/Dataset.js';
import { openTeacherStore } from '../store/openTeacherStore.js';

/** A store as the teacher of a run. */
export interface StoredAnswers {
  /** Disposing it disposes the store. */
  readonly source: TeacherSource;
  readonly has: TeacherStore['has'];
}

/**
 * Opens what `distill label` wrote, for a data set.
 *
 * @throws DistillError as `openTeacherStore`; `DATA` if it is of another data set or lacks training samples.
 */
export async function storedAnswers(folder: string, dataset: Dataset): Promise<StoredAnswers> {
  const store = await openTeacherStore(folder);
  try {
    assertSameData(store, dataset, folder);
    assertComplete(store, dataset, folder);
  } catch (error) {
    store.dispose();
    throw error;
  }
  const source = { ...storedTeacher(store, { name: basename(folder) }), dispose: () => store.dispose() };
  return { source, has: (ids) => store.has(ids) };
}

function assertSameData({ header }: TeacherStore, { name, fingerprint }: Dataset, where: string): void {
  if (header.dataset === fingerprint) return;
  throw new DistillError(
    'DATA',
    `These are answers about another data set (${header.dataset}) than ${name} (${fingerprint}).`,
    {
      where,
      hint: 'Label this one by `distill label --data`. Other files, splits, limits or class names make another data set.',
    },
  );
}

function assertComplete(store: TeacherStore, { train, name }: Dataset, where: string): void {
  if (store.has(train.ids)) return;
  const missing = train.ids.find((id) => !store.has(Int32Array.of(id)));
  throw new DistillError(
    'DATA',
    `Expected answers about all ${train.ids.length} training samples of ${name}, found ${store.size}; sample ${missing} is the first without.`,
    {
      where,
      hint: 'Label the rest: the same `distill label` without --limit or --shard, or `distill label merge`.',
    },
  );
}
