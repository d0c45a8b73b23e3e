import { DistillError } from '../../errors.js';
import { bytesPerSample, columnAt, columnsOf } from './columns.js';
import { storeHeader, type StoreHeader } from './StoreHeader.js';

/**
 * A shard is an Apache Arrow IPC stream with one record batch, and behind the stream's end, where
 * Arrow's readers stop: a JSON index, its length (uint32, little endian), eight bytes of magic and the
 * SHA-256 of all before. The index says where in the file each column lies, so that rows are read by
 * position and nothing is parsed that could have been damaged.
 */
export interface Shard {
  readonly header: StoreHeader;
  readonly samples: number;
  readonly ids: Int32Array;
  /** Where each column begins, bytes from the file's start. */
  readonly offsets: Readonly<Record<string, number>>;
  /** SHA-256 of the shard, in hex. */
  readonly digest: string;
}

export type ShardIndex = Pick<Shard, 'header' | 'samples' | 'offsets'>;

const MAGIC = 'TFDSTORE';
const DIGEST_BYTES = 32;
const TAIL_BYTES = 4 + MAGIC.length + DIGEST_BYTES;
/** Bytes that surely hold the index: it names the columns and little else. */
export const SHARD_END = 2 ** 16;

// of browsers and of Node.js alike; core has the types of neither
declare const crypto: { readonly subtle: { digest(name: string, bytes: Uint8Array): Promise<ArrayBuffer> } };
declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };

/** Seals an Arrow stream as a shard. */
export async function sealShard(stream: Uint8Array, index: ShardIndex): Promise<Uint8Array> {
  const json = new TextEncoder().encode(JSON.stringify(index));
  const bytes = new Uint8Array(stream.length + json.length + TAIL_BYTES);
  bytes.set(stream);
  bytes.set(json, stream.length);
  new DataView(bytes.buffer).setUint32(stream.length + json.length, json.length, true);
  bytes.set(new TextEncoder().encode(MAGIC), stream.length + json.length + 4);
  const digest = await crypto.subtle.digest('SHA-256', bytes.subarray(0, -DIGEST_BYTES));
  bytes.set(new Uint8Array(digest), bytes.length - DIGEST_BYTES);
  return bytes;
}

/**
 * What a shard holds and where.
 *
 * @param bytes The whole file, at an offset of its buffer that is a multiple of 8.
 * @param where Names the file in errors.
 * @throws DistillError `DATA` if it is truncated or damaged in any bit, or no shard at all.
 */
export async function openShard(bytes: Uint8Array, where: string): Promise<Shard> {
  if (bytes.length < TAIL_BYTES || magicOf(bytes) !== MAGIC) throw damaged(where);
  const digest = hex(bytes.subarray(-DIGEST_BYTES));
  const actual = await crypto.subtle.digest('SHA-256', bytes.subarray(0, -DIGEST_BYTES));
  if (hex(new Uint8Array(actual)) !== digest) throw damaged(where);
  try {
    const { header, samples, offsets } = indexOf(bytes);
    const [id] = columnsOf(header);
    const ids = columnAt(id as NonNullable<typeof id>, bytes, offsets['id'] as number, samples).slice();
    return { header, samples, ids: ids as Int32Array, offsets, digest };
  } catch (cause) {
    throw damaged(where, cause);
  }
}

/**
 * What a shard says of itself in its end, for those who read a shard in parts. Nothing is compared with its checksum.
 *
 * @param end The last bytes of the file, at most `SHARD_END` of them.
 * @param size Bytes of the whole file.
 * @throws DistillError `DATA` if these are not the last bytes of a shard of that size.
 */
export function shardEnd(end: Uint8Array, size: number, where: string): Omit<Shard, 'ids'> {
  if (end.length < TAIL_BYTES || magicOf(end) !== MAGIC) throw damaged(where);
  try {
    return { ...indexOf(end, size), digest: hex(end.subarray(-DIGEST_BYTES)) };
  } catch (cause) {
    throw damaged(where, cause);
  }
}

function magicOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(-DIGEST_BYTES - MAGIC.length, -DIGEST_BYTES));
}

/** The index, checked, from the last bytes of a file of that size. */
function indexOf(bytes: Uint8Array, size = bytes.length): ShardIndex {
  const lengthAt = bytes.length - TAIL_BYTES;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(lengthAt, true);
  if (length > lengthAt) throw new RangeError('The index does not fit the file.');
  const json = new TextDecoder().decode(bytes.subarray(lengthAt - length, lengthAt));
  const { header, samples, offsets } = JSON.parse(json) as ShardIndex;
  const index = { header: storeHeader(header), samples, offsets };
  assertFits(index, size - TAIL_BYTES - length);
  return index;
}

/** Every column lies aligned and whole within the stream. */
function assertFits({ header, samples, offsets }: ShardIndex, end: number): void {
  if (!(Number.isInteger(samples) && samples > 0)) throw new RangeError('A shard has at least one sample.');
  for (const column of columnsOf(header)) {
    const offset = offsets[column.name] ?? NaN;
    const fits = offset >= 0 && offset % 8 === 0 && offset + samples * bytesPerSample(column) <= end;
    if (!fits) throw new RangeError(`Column ${column.name} does not fit the file.`);
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function damaged(where: string, cause?: unknown): DistillError {
  return new DistillError('DATA', 'The file of stored teacher outputs is truncated or damaged.', {
    where,
    hint: 'Delete it and label again: only its samples are computed anew.',
    cause,
  });
}
