import { DistillError, expected } from '../../errors.js';
import { columnAt, columnsOf } from './columns.js';
import { columnTeacherStore } from './columnTeacherStore.js';
import { IdIndex } from './IdIndex.js';
import { type OpenedFile, PartReader } from './PartReader.js';
import { openShard, type Shard, SHARD_END, shardEnd } from './shard.js';
import { type StoredFile, type StoredFiles } from './StoredFiles.js';
import { assertHeader, type StoreHeader } from './StoreHeader.js';
import { parseManifest, type ShardEntry, STORE_MANIFEST } from './StoreManifest.js';
import { type TeacherStore } from './TeacherStore.js';

const where = 'fileTeacherStore';

export interface FileStoreOptions {
  /** Bytes of shards to fetch whole and keep, ≥ 0. Rows of the others are fetched as they are wanted. Default 64 MiB. */
  readonly memory?: number;
}

/**
 * Opens a store in a page or a worker: over HTTP (`httpFiles`), from OPFS (`directoryFiles`), from blobs of IndexedDB
 * (`blobFiles`). What `openTeacherStore` of the node package is for a folder on disk.
 *
 * Shards that are kept are compared with their checksum byte by byte. Of the others only index and ids are read at
 * first, and their checksum is compared by name: it tells another version of the file, not a bit that was changed.
 *
 * @param wanted What the store must be of, e.g. `{ teacher, dataset }`; what is left out is not compared.
 * @returns Store that the caller owns.
 * @throws DistillError `DATA` if there is no store, it is unfinished, truncated or damaged, or not what is wanted.
 * @example
 * const store = await fileTeacherStore(httpFiles('/labels/mnist'), { classes: 10 });
 * const manager = prepareCompression(student, { teacher: storedTeacher(store), criterion });
 */
export async function fileTeacherStore(
  files: StoredFiles,
  wanted: Partial<StoreHeader> = {},
  { memory = 64 * 2 ** 20 }: FileStoreOptions = {},
): Promise<TeacherStore> {
  if (!(memory >= 0)) throw expected('memory', 'a number of bytes', memory, { where });
  const { header, shards } = await wholeManifest(files);
  assertHeader(header, wanted, files.name);
  const opened: OpenedFile[] = [];
  const ids: Int32Array[] = [];
  let kept = 0;
  for (const entry of shards) {
    const file = await files.open(entry.file);
    const keep = kept + file.size <= memory;
    if (keep) kept += file.size;
    const { shard, bytes } = keep
      ? await wholeShard(file, files, entry)
      : await shardInParts(file, files, entry);
    assertHeader(shard.header, header, `${files.name}/${entry.file}`);
    if (shard.digest !== entry.digest) throw notOfThisStore(files, entry);
    opened.push({ file, samples: shard.samples, offsets: shard.offsets, ...(bytes && { bytes }) });
    ids.push(shard.ids);
  }
  return columnTeacherStore(header, new IdIndex(ids), new PartReader(opened));
}

async function wholeManifest(files: StoredFiles) {
  const file = await files.open(STORE_MANIFEST);
  const text = new TextDecoder().decode(await file.read(0, file.size));
  const place = { where: `${files.name}/${STORE_MANIFEST}` };
  let manifest;
  try {
    manifest = parseManifest(JSON.parse(text));
  } catch (cause) {
    throw new DistillError('DATA', 'The file is damaged, or no store of teacher outputs.', {
      ...place,
      cause,
    });
  }
  const { header, shards } = manifest;
  if (shards === undefined) {
    throw new DistillError('DATA', 'Labelling was interrupted: the store is unfinished.', place);
  }
  return { header, shards };
}

interface Opening {
  readonly shard: Shard;
  readonly bytes?: Uint8Array;
}

async function wholeShard(file: StoredFile, { name }: StoredFiles, entry: ShardEntry): Promise<Opening> {
  const bytes = await file.read(0, file.size);
  return { shard: await openShard(bytes, `${name}/${entry.file}`), bytes };
}

async function shardInParts(file: StoredFile, { name }: StoredFiles, entry: ShardEntry): Promise<Opening> {
  const end = await file.read(Math.max(0, file.size - SHARD_END), file.size);
  const index = shardEnd(end, file.size, `${name}/${entry.file}`);
  const { header, samples, offsets } = index;
  const [id] = columnsOf(header);
  const at = offsets['id'] as number;
  const bytes = await file.read(at, at + samples * Int32Array.BYTES_PER_ELEMENT);
  const ids = columnAt(id as NonNullable<typeof id>, bytes, 0, samples) as Int32Array;
  return { shard: { ...index, ids } };
}

function notOfThisStore({ name }: StoredFiles, { file }: ShardEntry): DistillError {
  const message = 'The file does not belong to the store that it lies in.';
  return new DistillError('DATA', message, { where: `${name}/${file}` });
}
