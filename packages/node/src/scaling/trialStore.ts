import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storedTeacher, type StoreHeader, type TeacherRows, type TeacherSource } from '@tfjs-distill/core';
import { createTeacherStore } from '../store/createTeacherStore.js';
import { openTeacherStore } from '../store/openTeacherStore.js';

/**
 * A stored teacher for trials of training, which says of the given samples what was answered about others: only the
 * time counts. It lies in the folder for temporary files until it is disposed.
 */
export async function trialStore(
  answers: TeacherRows,
  header: StoreHeader,
  ids: Int32Array,
): Promise<{ readonly source: TeacherSource; dispose(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'distill-plan-'));
  const writer = await createTeacherStore(folder, header);
  for (let at = 0; at < ids.length; at += answers.ids.length)
    await writer.append({ ...answers, ids: idsLike(answers, ids, at) });
  await writer.close();
  const store = await openTeacherStore(folder);
  return {
    source: storedTeacher(store),
    dispose: async () => {
      store.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** As many ids as there are answers; past the end negative ones, which no sample has. */
const idsLike = ({ ids: { length } }: TeacherRows, ids: Int32Array, at: number): Int32Array =>
  Int32Array.from({ length }, (_, i) => ids[at + i] ?? -2 - at - i);
