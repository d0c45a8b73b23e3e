import {
  assertHeader,
  DistillError,
  openShard,
  type ShardEntry,
  type StoredFiles,
  type StoreHeader,
} from '@tfjs-distill/core';
import pLimit from 'p-limit';
import { shardName } from '../store/storeFolder.js';
import { folderFiles } from './folderFiles.js';
import { type ShardNote } from './shardNote.js';
import { readStorePart, type StorePart } from './StorePart.js';
import { folderTarget, type StoreTarget } from './StoreTarget.js';

/** A whole store out of shards that several machines labelled. */
export interface MergeReport {
  /** Where it is. */
  readonly folder: string;
  readonly header: StoreHeader;
  readonly samples: number;
  readonly shards: number;
}

/** Small files that are read at once. */
const AT_ONCE = 16;

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
  return mergeStoredShards(folders.map(folderFiles), folderTarget(out));
}

/** As `mergeShards`, from and to wherever stores can be; one file of rows is in memory at a time. */
export async function mergeStoredShards(
  shards: readonly StoredFiles[],
  target: StoreTarget,
): Promise<MergeReport> {
  await target.begin();
  const limit = pLimit(AT_ONCE);
  const parts = inOrder(await Promise.all(shards.map((files) => limit(readStorePart, files))));
  const [first] = parts as [StorePart, ...StorePart[]];
  for (const { header, files } of parts) assertHeader(header, first.header, files.name);
  const { entries, ids } = await copyAll(parts, first.header, target);
  checkIds(ids, first.note.samples);
  await target.finish({ header: first.header, shards: entries });
  return { folder: target.name, header: first.header, samples: ids.length, shards: parts.length };
}

/** @returns At least one part. */
function inOrder(parts: readonly StorePart[]): readonly StorePart[] {
  const [first] = parts;
  if (first === undefined) throw new DistillError('OPTION', 'Expected the folders of the shards, got none.');
  const { count, samples } = first.note;
  const other = parts.find(({ note }) => note.count !== count || note.samples !== samples);
  if (other !== undefined)
    throw new DistillError(
      'DATA',
      `${other.files.name} is ${place(other.note)}, and ${first.files.name} ${place(first.note)}.`,
    );
  const sorted = [...parts].sort((a, b) => a.note.index - b.note.index);
  const twice = sorted.findIndex(({ note }, i) => note.index === sorted[i + 1]?.note.index);
  if (twice >= 0) {
    const [a, b] = [sorted[twice] as StorePart, sorted[twice + 1] as StorePart];
    throw new DistillError(
      'DATA',
      `Shard ${a.note.index} of ${count} is given twice: ${a.files.name} and ${b.files.name}.`,
    );
  }
  const gap = sorted.findIndex(({ note }, i) => note.index !== i + 1);
  const missing = gap >= 0 ? gap + 1 : sorted.length < count ? sorted.length + 1 : undefined;
  if (missing !== undefined) throw new DistillError('DATA', `Shard ${missing} of ${count} is missing.`);
  return sorted;
}

const place = ({ index, count, samples }: ShardNote): string =>
  `shard ${index} of ${count} of ${samples} samples`;

async function copyAll(
  parts: readonly StorePart[],
  header: StoreHeader,
  target: StoreTarget,
): Promise<{ entries: ShardEntry[]; ids: Int32Array }> {
  const entries: ShardEntry[] = [];
  const ids: Int32Array[] = [];
  for (const { files, entries: own } of parts) {
    for (const entry of own) {
      const where = `${files.name}/${entry.file}`;
      const file = await files.open(entry.file);
      const bytes = await file.read(0, file.size);
      const shard = await openShard(bytes, where);
      assertHeader(shard.header, header, where);
      if (shard.digest !== entry.digest)
        throw new DistillError('DATA', 'The file does not belong to the store that it lies in.', { where });
      const name = shardName(entries.length);
      await target.write(name, bytes);
      entries.push({ ...entry, file: name });
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
