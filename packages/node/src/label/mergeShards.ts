import { rename, rm, stat } from 'node:fs/promises';
import { assertHeader, DistillError, type ShardEntry, type StoreHeader } from '@tfjs-distill/core';
import { openTeacherStore } from '../store/openTeacherStore.js';
import { readManifest, readShard, shardName, writeManifest, writeShard } from '../store/storeFolder.js';
import { readShardNote, type ShardNote } from './shardNote.js';

/** A whole store out of shards that several machines labelled. */
export interface MergeReport {
  readonly folder: string;
  readonly header: StoreHeader;
  readonly samples: number;
  readonly shards: number;
}

/**
 * Puts the shards of a data set together into one store.
 *
 * Every byte is read and its checksum compared. The store appears under its name only once it is whole.
 *
 * @param folders What `distill label --shard i/n` wrote, every `i` once, in any order. They stay.
 * @param out A folder that does not exist yet.
 * @throws DistillError `DATA` if a shard is missing, given twice, unfinished or damaged; if shards are of different
 *   teachers, data sets or forms; if a sample is in two of them or in none.
 */
export async function mergeShards(folders: readonly string[], out: string): Promise<MergeReport> {
  if (await exists(out))
    throw new DistillError('DATA', `${out} exists already.`, {
      hint: 'Give a new folder for the whole store.',
    });
  const ordered = await inOrder(folders);
  const header = await commonHeader(ordered);
  const unfinished = `${out}.merging`;
  await rm(unfinished, { recursive: true, force: true });
  await writeManifest(unfinished, { header });
  const { entries, ids } = await copyAll(ordered, unfinished);
  checkIds(ids, ordered[0]?.note.samples ?? 0);
  await writeManifest(unfinished, { header, shards: entries });
  await rename(unfinished, out);
  return { folder: out, header, samples: ids.length, shards: ordered.length };
}

interface Part {
  readonly folder: string;
  readonly note: ShardNote;
}

async function inOrder(folders: readonly string[]): Promise<readonly Part[]> {
  const parts = await Promise.all(
    folders.map(async (folder) => ({ folder, note: await readShardNote(folder) })),
  );
  const [first] = parts;
  if (first === undefined) throw new DistillError('OPTION', 'Expected the folders of the shards, got none.');
  const { count, samples } = first.note;
  const other = parts.find(({ note }) => note.count !== count || note.samples !== samples);
  if (other !== undefined)
    throw new DistillError(
      'DATA',
      `${other.folder} is ${place(other.note)}, and ${first.folder} ${place(first.note)}.`,
    );
  const sorted = [...parts].sort((a, b) => a.note.index - b.note.index);
  for (let index = 1; index <= count; index++) {
    const [found, twice] = sorted.filter(({ note }) => note.index === index);
    if (found === undefined) throw new DistillError('DATA', `Shard ${index} of ${count} is missing.`);
    if (twice !== undefined)
      throw new DistillError(
        'DATA',
        `Shard ${index} of ${count} is given twice: ${found.folder} and ${twice.folder}.`,
      );
  }
  return sorted;
}

const place = ({ index, count, samples }: ShardNote): string =>
  `shard ${index} of ${count} of ${samples} samples`;

/** The one header that all shards have; each is whole and undamaged. */
async function commonHeader(parts: readonly Part[]): Promise<StoreHeader> {
  let header: StoreHeader | undefined;
  for (const { folder, note } of parts) {
    const store = await openTeacherStore(folder, {}, { memory: 0 });
    store.dispose();
    if (header === undefined) header = store.header;
    else assertHeader(store.header, header, folder);
    if (store.size !== note.own)
      throw new DistillError('DATA', `${folder} has ${store.size} of its ${note.own} samples.`, {
        hint: 'Label this shard again: rows that are stored are kept.',
      });
  }
  return header as StoreHeader;
}

async function copyAll(
  parts: readonly Part[],
  out: string,
): Promise<{ entries: ShardEntry[]; ids: Int32Array }> {
  const entries: ShardEntry[] = [];
  const ids: Int32Array[] = [];
  for (const { folder } of parts) {
    for (const { file, digest, samples } of (await readManifest(folder))?.shards ?? []) {
      const { shard, bytes } = await readShard(folder, file);
      const name = shardName(entries.length);
      await writeShard(out, name, bytes);
      entries.push({ file: name, samples, digest });
      ids.push(shard.ids);
    }
  }
  return { entries, ids: joined(ids) };
}

function joined(lists: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}

function checkIds(ids: Int32Array, samples: number): void {
  const sorted = ids.slice().sort();
  const again = sorted.find((id, i) => i > 0 && sorted[i - 1] === id);
  if (again !== undefined) throw new DistillError('DATA', `Sample ${again} is in two shards.`);
  if (ids.length !== samples)
    throw new DistillError(
      'DATA',
      `Expected ${samples} samples in all shards together, found ${ids.length}.`,
    );
}

async function exists(place: string): Promise<boolean> {
  return stat(place).then(
    () => true,
    () => false,
  );
}
