import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StoreHeader, type TeacherRows, type TeacherSource } from '@tfjs-distill/core';
import { type Samples } from '../data/Dataset.js';
import { askTeacher } from '../label/labelSamples.js';
import { mergeShards } from '../label/mergeShards.js';
import { writeShardNote } from '../label/shardNote.js';
import { createTeacherStore } from '../store/createTeacherStore.js';
import { type LabellingParts } from './Parts.js';
import { secondsOf, timed } from './timed.js';

/** Samples that the teacher is asked about at once, as `distill label` does. */
const BATCH = 256;
/** A trial shard is no larger. */
const ROWS = 16_384;
const BYTES = 16 * 2 ** 20;

export interface MeasuredLabelling {
  readonly parts: Pick<
    LabellingParts,
    'teacherSeconds' | 'writeSeconds' | 'bytesPerRow' | 'shardSeconds' | 'mergeSeconds'
  >;
  /** About some samples, and their form: for trials of what comes after. */
  readonly answers: TeacherRows;
  readonly header: StoreHeader;
}

/**
 * Times a teacher on a data set's first samples, and storing and merging its answers in the folder for temporary files.
 *
 * @param budget Seconds that the teacher may take; one batch beside one to warm up is asked at least.
 */
export async function measureLabelling(
  teacher: TeacherSource,
  samples: Samples,
  header: StoreHeader,
  budget: number,
): Promise<MeasuredLabelling> {
  const size = Math.min(BATCH, samples.shape[0]);
  let answers: TeacherRows | undefined;
  const asking = async (i: number) => {
    const rows = Int32Array.from({ length: size }, (_, k) => (i * size + k) % samples.shape[0]);
    answers = await askTeacher(teacher, samples, rows, { header });
  };
  const seconds = await timed(asking, { budget, rounds: 20 });
  const known = answers as unknown as TeacherRows;
  const parts = { teacherSeconds: seconds / size, ...(await measureStoring(known, header)) };
  return { parts, answers: known, header };
}

async function measureStoring(answers: TeacherRows, header: StoreHeader) {
  const folder = await mkdtemp(join(tmpdir(), 'distill-plan-'));
  try {
    const empty = (i: number) => writeShard(join(folder, `empty-${i}`), header, answers, 1, [1, 1]);
    const shardSeconds = await timed(empty, { budget: 2, rounds: 5 });
    const bytesPerAnswer = answers.logits.byteLength / answers.ids.length;
    const rows = Math.max(answers.ids.length, Math.min(ROWS, Math.floor(BYTES / bytesPerAnswer)));
    const shards = [1, 2].map((index) => join(folder, `shard-${index}`));
    const writing = await secondsOf(async () => {
      for (const [i, shard] of shards.entries()) await writeShard(shard, header, answers, rows, [i + 1, 2]);
    });
    const merging = await secondsOf(async () => void (await mergeShards(shards, join(folder, 'merged'))));
    return {
      shardSeconds,
      writeSeconds: Math.max(0, writing - 2 * shardSeconds) / (2 * rows),
      bytesPerRow: (await sizeOf(join(folder, 'merged'))) / (2 * rows),
      mergeSeconds: merging / (2 * rows),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The i-th of n shards, of made-up ids: times do not depend on them. */
async function writeShard(
  folder: string,
  header: StoreHeader,
  answers: TeacherRows,
  rows: number,
  [index, count]: readonly [number, number],
): Promise<void> {
  const writer = await createTeacherStore(folder, header);
  await writeShardNote(folder, { index, count, samples: count * rows, own: rows });
  const size = answers.ids.length;
  for (let at = 0; at < rows; at += size) {
    const block = firstRows(answers, Math.min(size, rows - at));
    const ids = block.ids.map((_, i) => (index - 1) * rows + at + i);
    await writer.append({ ...block, ids });
  }
  await writer.close();
}

function firstRows(answers: TeacherRows, count: number): TeacherRows {
  const { ids, logits, features = {} } = answers;
  const part = <T extends Float32Array | Int32Array>(values: T) =>
    values.subarray(0, (values.length / ids.length) * count) as T;
  const taken = Object.entries(features).map(([name, values]) => [name, part(values)] as const);
  return { ids: part(ids), logits: part(logits), features: Object.fromEntries(taken) };
}

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
