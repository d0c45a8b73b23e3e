import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { DistillError } from '@tfjs-distill/core';
import { fingerprint } from './fingerprint.js';
import { readLogits, writeLogits } from './logitsFile.js';
import { type TeacherLogits, type TeacherLogitsKey } from './TeacherLogits.js';

export interface CachedLogits extends TeacherLogits {
  readonly path: string;
  /** Whether the file was there and fitted. */
  readonly reused: boolean;
  /** Why a file that was there had to be replaced. */
  readonly refused?: string;
}

/**
 * A teacher's logits, computed once and then read from disk.
 *
 * @param dir Folder of the cache. The file's name follows from the key.
 * @param key Whose answers to what; a file that says otherwise or is damaged is refused and replaced.
 * @param compute Asks the teacher. Called only if no file fits.
 * @returns The answers, and where they came from.
 * @example
 * const { logits, reused } = await cachedLogits('.cache', key, () => askTeacher(teacher, images));
 */
export async function cachedLogits(
  dir: string,
  key: TeacherLogitsKey,
  compute: () => Promise<TeacherLogits>,
): Promise<CachedLogits> {
  const path = join(dir, `logits-${fingerprint(JSON.stringify(key))}.arrow`);
  const stored = await readIfPresent(path, key);
  if (stored !== undefined && !(stored instanceof DistillError)) return { ...stored, path, reused: true };
  const answers = await compute();
  await writeLogits(path, key, answers);
  return { ...answers, path, reused: false, ...(stored && { refused: stored.message }) };
}

async function readIfPresent(
  path: string,
  key: TeacherLogitsKey,
): Promise<TeacherLogits | DistillError | undefined> {
  try {
    await access(path);
  } catch {
    return undefined;
  }
  return readLogits(path, key).catch((error: unknown) => {
    if (error instanceof DistillError) return error;
    throw error;
  });
}
