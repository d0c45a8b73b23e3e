import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DistillError,
  type StoreHeader,
  storeHeader,
  type StoreHeaderInput,
  type TeacherRows,
  type TeacherStore,
} from '@tfjs-distill/core';
import { createTeacherStore } from './createTeacherStore.js';
import { fingerprint } from './fingerprint.js';
import { openTeacherStore } from './openTeacherStore.js';
import { readManifest } from './storeFolder.js';

export interface CachedTeacherStore {
  readonly store: TeacherStore;
  /** Folder of the store. */
  readonly path: string;
  /** Whether all of it was there. */
  readonly reused: boolean;
  /** Why a store that was there had to be replaced. */
  readonly refused?: string;
}

/**
 * A teacher's outputs, computed once and then read from disk.
 *
 * @param folder Of all stores; one's own follows from its header.
 * @param input Whose outputs to what.
 * @param ids The samples that must be in it.
 * @param ask Asks the teacher for what is missing, in blocks. What an interrupted run has asked is kept.
 * @returns The store, which the caller owns, and where it came from.
 * @throws DistillError as `createTeacherStore`; a damaged store is replaced, not an error.
 * @example
 * const { store, reused } = await cachedTeacherStore('.cache', header, ids, (missing) => answers(teacher, missing));
 */
export async function cachedTeacherStore(
  folder: string,
  input: StoreHeaderInput,
  ids: Int32Array,
  ask: (missing: Int32Array) => AsyncIterable<TeacherRows>,
): Promise<CachedTeacherStore> {
  const header = storeHeader(input);
  const path = join(folder, `teacher-${fingerprint(JSON.stringify(header))}`);
  const found = await openWhole(path, header, ids);
  if (found !== undefined && !(found instanceof DistillError)) return { store: found, path, reused: true };
  const refused = found ?? (await refusalOf(path, header));
  if (refused !== undefined) await rm(path, { recursive: true, force: true });
  const writer = await createTeacherStore(path, header);
  for await (const rows of ask(writer.missing(ids))) await writer.append(rows);
  await writer.close();
  const store = await openTeacherStore(path, header);
  return { store, path, reused: false, ...(refused && { refused: refused.message }) };
}

/** Why an interrupted store cannot be gone on with, if it cannot. */
async function refusalOf(path: string, header: StoreHeader): Promise<DistillError | undefined> {
  if ((await readManifest(path)) === undefined) return undefined;
  try {
    await createTeacherStore(path, header);
    return undefined;
  } catch (error) {
    if (error instanceof DistillError) return error;
    throw error;
  }
}

/** The store, why it cannot be used, or `undefined` where none is or it lacks samples. */
async function openWhole(
  path: string,
  header: StoreHeader,
  ids: Int32Array,
): Promise<TeacherStore | DistillError | undefined> {
  try {
    if ((await readManifest(path))?.shards === undefined) return undefined; // to be gone on with
    const store = await openTeacherStore(path, header);
    if (store.has(ids)) return store;
    store.dispose();
    return undefined;
  } catch (error) {
    if (error instanceof DistillError) return error;
    throw error;
  }
}
