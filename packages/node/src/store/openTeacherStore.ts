import { join } from 'node:path';
import {
  assertHeader,
  columnTeacherStore,
  DistillError,
  expected as expectedValue,
  IdIndex,
  type StoreHeader,
  type StoreManifest,
  type TeacherStore,
} from '@tfjs-distill/core';
import { ShardReader, type OpenedShard } from './ShardReader.js';
import { readManifest, readShard, shardFiles } from './storeFolder.js';

export interface OpenOptions {
  /** Bytes of shards to keep in memory, ≥ 0; rows of the others are read from disk as they are wanted. Default 256 MiB. */
  readonly memory?: number;
}

/**
 * Opens a store on disk. Every byte is read once and its checksum compared; after that only the rows
 * that are asked for.
 *
 * @param folder What `createTeacherStore` or `distill label` wrote.
 * @param wanted What the store must be of, e.g. `{ teacher, dataset }`; what is left out is not compared.
 * @returns Store that the caller owns. Besides the shards kept it holds an index of the ids: next to nothing if they
 *   follow one another, at worst 12 bytes per sample.
 * @throws DistillError `DATA` if there is no store, it is unfinished, truncated or damaged, or not what is wanted.
 * @example
 * const store = await openTeacherStore('labels/mnist', { teacher: 'aa11', classes: 10 });
 * const manager = prepareCompression(student, { teacher: storedTeacher(store), criterion });
 */
export async function openTeacherStore(
  folder: string,
  wanted: Partial<StoreHeader> = {},
  { memory = 256 * 2 ** 20 }: OpenOptions = {},
): Promise<TeacherStore> {
  if (!(memory >= 0))
    throw expectedValue('memory', 'a number of bytes', memory, { where: 'openTeacherStore' });
  const { header, shards } = await wholeManifest(folder);
  assertHeader(header, wanted, folder);
  const opened: OpenedShard[] = [];
  const ids: Int32Array[] = [];
  let kept = 0;
  for (const { file, digest } of shards) {
    const { shard, bytes } = await readShard(folder, file);
    const path = join(folder, file);
    assertHeader(shard.header, header, path);
    if (shard.digest !== digest) throw notOfThisStore(path);
    const keep = kept + bytes.length <= memory;
    if (keep) kept += bytes.length;
    opened.push({ path, samples: shard.samples, offsets: shard.offsets, ...(keep && { bytes }) });
    ids.push(shard.ids);
  }
  return columnTeacherStore(header, new IdIndex(ids), new ShardReader(opened));
}

async function wholeManifest(folder: string): Promise<Required<StoreManifest>> {
  const manifest = await readManifest(folder);
  if (manifest === undefined) {
    throw new DistillError('DATA', 'Expected a folder of stored teacher outputs, found none.', {
      where: folder,
    });
  }
  const { header, shards } = manifest;
  if (shards === undefined) {
    throw new DistillError('DATA', 'Labelling was interrupted: the store is unfinished.', {
      where: folder,
      hint: 'Start it again with the same arguments: it goes on where it ended.',
    });
  }
  const files = await shardFiles(folder);
  const known = shards.map(({ file }) => file);
  const missing = known.find((file) => !files.includes(file));
  const foreign = files.find((file) => !known.includes(file));
  if (missing !== undefined)
    throw new DistillError('DATA', 'The file is missing.', { where: join(folder, missing) });
  if (foreign !== undefined) throw notOfThisStore(join(folder, foreign));
  return { header, shards };
}

function notOfThisStore(where: string): DistillError {
  return new DistillError('DATA', 'The file does not belong to the store that it lies in.', { where });
}
