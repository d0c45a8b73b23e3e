import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { DistillError, messageOf } from '../errors.js';
import { mapState } from './mapState.js';
import { type State } from './State.js';

export const CHECKPOINT_FORMAT = 'tfjs-distill.checkpoint.1';

/** Types of tensors, as safetensors calls them. */
const TYPES = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;
type TypeName = (typeof TYPES)[keyof typeof TYPES];

interface Entry {
  readonly dtype: TypeName;
  readonly shape: number[];
  readonly data_offsets: [begin: number, end: number];
}

interface Metadata {
  readonly format: string;
  /** The state as JSON, `{ "$tensor": name }` in place of each tensor. */
  readonly state: string;
  /** Of the state, the tensors' entries and their bytes, hexadecimal. */
  readonly sha256: string;
}

/**
 * A state as one file in the safetensors format, with a checksum: its tensors by their paths, the rest as JSON in the
 * metadata.
 *
 * @see https://huggingface.co/docs/safetensors (the format)
 */
export async function encodeCheckpoint(state: State): Promise<Uint8Array<ArrayBuffer>> {
  const found: [string, Tensor][] = [];
  const json = JSON.stringify(
    mapState(state, (value, path) => {
      found.push([path, value]);
      return { $tensor: path };
    }),
    (_, value: unknown) =>
      typeof value === 'number' && !Number.isFinite(value) ? { $number: String(value) } : value,
  );
  const blocks = await Promise.all(found.map(([, value]) => bytesOf(value)));
  const data = joined(blocks);
  const entries = entriesOf(found, blocks);
  const sha256 = await checksum(json, entries, data);
  const metadata: Metadata = { format: CHECKPOINT_FORMAT, state: json, sha256 };
  return joined([header({ __metadata__: metadata, ...entries }), data]);
}

/**
 * What `encodeCheckpoint` was given.
 *
 * @returns Its tensors are the caller's.
 * @throws DistillError `DATA` if the bytes are truncated, changed, or no checkpoint.
 */
export async function decodeCheckpoint(bytes: Uint8Array): Promise<State> {
  const { head, data } = parse(bytes);
  const { __metadata__: metadata, ...entries } = head;
  if (metadata?.format !== CHECKPOINT_FORMAT) throw damaged(`its format is not ${CHECKPOINT_FORMAT}`);
  if ((await checksum(metadata.state, entries, data)) !== metadata.sha256)
    throw damaged('its checksum does not match');
  const revive = (_: string, value: unknown): unknown => {
    const { $tensor, $number } = (value ?? {}) as { readonly $tensor?: string; readonly $number?: string };
    if ($number !== undefined) return Number($number);
    return $tensor === undefined ? value : tensorOf(entries[$tensor] as Entry, data);
  };
  return JSON.parse(metadata.state, revive) as State;
}

function entriesOf(
  tensors: readonly [string, Tensor][],
  blocks: readonly Uint8Array[],
): Record<string, Entry> {
  let offset = 0;
  return Object.fromEntries(
    tensors.map(([name, { dtype, shape }], i) => {
      const begin = offset;
      offset += blocks[i]?.length ?? 0;
      return [name, { dtype: TYPES[dtype as keyof typeof TYPES], shape, data_offsets: [begin, offset] }];
    }),
  );
}

/** Length of the JSON as 8 bytes, then the JSON, filled up with spaces to whole 8 bytes. */
function header(content: object): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(content));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

function parse(bytes: Uint8Array): {
  head: Record<string, Entry> & { __metadata__?: Metadata };
  data: Uint8Array;
} {
  try {
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<string, never>;
    return { head, data: bytes.subarray(8 + length) };
  } catch (cause) {
    throw damaged('its header cannot be read', cause);
  }
}

function tensorOf({ dtype, shape, data_offsets: [begin, end] }: Entry, data: Uint8Array): Tensor {
  const { buffer } = new Uint8Array(data.subarray(begin, end)); // a copy begins where numbers may begin
  if (dtype === 'F32') return tensor(new Float32Array(buffer), shape, 'float32');
  if (dtype === 'I32') return tensor(new Int32Array(buffer), shape, 'int32');
  return tensor(new Uint8Array(buffer), shape, 'bool');
}

async function bytesOf(value: Tensor): Promise<Uint8Array> {
  if (!(value.dtype in TYPES)) {
    throw new DistillError('DATA', `Expected tensors of numbers in a checkpoint, got one of ${value.dtype}.`);
  }
  const { buffer, byteOffset, byteLength } = await value.data();
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function checksum(json: string, entries: object, data: Uint8Array): Promise<string> {
  const text = new TextEncoder().encode(json + JSON.stringify(entries));
  const digest = await crypto.subtle.digest('SHA-256', joined([text, data]));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

function damaged(why: string, cause?: unknown): DistillError {
  const reason = cause === undefined ? why : `${why} (${messageOf(cause)})`;
  return new DistillError('DATA', `The checkpoint is damaged: ${reason}.`, { cause });
}
