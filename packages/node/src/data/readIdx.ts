import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DistillError, messageOf } from '@tfjs-distill/core';

export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** A multi-dimensional array as an idx file holds it; `data` is row-major and in the machine's byte order. */
export interface IdxArray {
  readonly type: string;
  readonly shape: readonly number[];
  readonly data: IdxData;
}

interface IdxType {
  readonly name: string;
  readonly bytes: number;
  readonly create: (length: number) => IdxData;
  readonly get: (view: DataView, offset: number) => number;
}

/** The third byte of the magic number names the type of the elements. */
const TYPES: Readonly<Record<number, IdxType>> = {
  0x08: { name: 'uint8', bytes: 1, create: (n) => new Uint8Array(n), get: (v, at) => v.getUint8(at) },
  0x09: { name: 'int8', bytes: 1, create: (n) => new Int8Array(n), get: (v, at) => v.getInt8(at) },
  0x0b: { name: 'int16', bytes: 2, create: (n) => new Int16Array(n), get: (v, at) => v.getInt16(at) },
  0x0c: { name: 'int32', bytes: 4, create: (n) => new Int32Array(n), get: (v, at) => v.getInt32(at) },
  0x0d: { name: 'float32', bytes: 4, create: (n) => new Float32Array(n), get: (v, at) => v.getFloat32(at) },
  0x0e: { name: 'float64', bytes: 8, create: (n) => new Float64Array(n), get: (v, at) => v.getFloat64(at) },
};

/** More than any idx file has, and what a hostile gzip may unpack to at most. */
const MAX_UNPACKED_BYTES = 2 ** 31 - 1;

/**
 * Reads an idx file, plain or gzipped: the format of MNIST, Fashion-MNIST, KMNIST and EMNIST.
 *
 * @param path The file. Whether it is gzipped is told by its first two bytes, not by its name.
 * @returns The array; its shape is the file's own, e.g. `[60000, 28, 28]`.
 * @throws DistillError `DATA` if the file is missing, truncated, longer than its header says, or no idx file.
 * @example
 * const { shape, data } = await readIdx('train-images-idx3-ubyte.gz'); // [60000, 28, 28], Uint8Array(47040000)
 * @see https://web.archive.org/web/20220509025752/http://yann.lecun.com/exdb/mnist/ "The IDX file format"
 */
export async function readIdx(path: string): Promise<IdxArray> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new DistillError('DATA', `The file cannot be read: ${messageOf(cause)}.`, { where: path, cause });
  });
  return parseIdx(await unpack(bytes, path), path);
}

/**
 * Parses the bytes of an idx file that is not gzipped.
 *
 * @param bytes Header (magic number, one big-endian uint32 per dimension), then the elements, big-endian.
 * @param where The file's name, put in front of an error.
 * @returns The array. Elements of one byte are a view of `bytes`, all others a copy.
 * @throws DistillError `DATA` as `readIdx`.
 * @example
 * parseIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9), 'two.idx'); // { type: 'uint8', shape: [2], data: [7, 9] }
 */
export function parseIdx(bytes: Uint8Array, where: string): IdxArray {
  const { type, shape, headerBytes } = parseHeader(bytes, where);
  const length = shape.reduce((product, size) => product * size, 1);
  const wanted = headerBytes + length * type.bytes;
  if (bytes.length !== wanted) {
    throw new DistillError(
      'DATA',
      `Expected ${wanted} bytes for ${type.name} [${shape.join(', ')}], found ${bytes.length} bytes.`,
      { where, hint: bytes.length < wanted ? 'The file is truncated.' : 'The file has trailing bytes.' },
    );
  }
  return { type: type.name, shape, data: decode(bytes.subarray(headerBytes), type, length) };
}

function parseHeader(bytes: Uint8Array, where: string) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4) {
    throw new DistillError('DATA', `Expected a magic number of 4 bytes, found ${bytes.length} bytes.`, {
      where,
      hint: 'The file is truncated.',
    });
  }
  const magic = view.getUint32(0);
  const type = TYPES[magic >>> 8];
  if (type === undefined) {
    throw new DistillError('DATA', `Expected the magic number of an idx file, found 0x${hex(magic)}.`, {
      where,
      hint: 'The file is corrupt or of another format.',
    });
  }
  const headerBytes = 4 + 4 * (magic & 0xff);
  if (bytes.length < headerBytes) {
    throw new DistillError(
      'DATA',
      `Expected a header of ${headerBytes} bytes for ${magic & 0xff} dimensions, found ${bytes.length} bytes.`,
      { where, hint: 'The file is truncated.' },
    );
  }
  const shape = Array.from({ length: magic & 0xff }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { type, shape, headerBytes };
}

function decode(body: Uint8Array, type: IdxType, length: number): IdxData {
  if (type.name === 'uint8') return body;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const data = type.create(length);
  for (let i = 0; i < length; i++) data[i] = type.get(view, i * type.bytes);
  return data;
}

async function unpack(bytes: Uint8Array, where: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (cause) {
    const found = `The gzip stream of ${bytes.length} bytes cannot be unpacked: ${messageOf(cause)}.`;
    throw new DistillError('DATA', found, { where, hint: 'The file is truncated or corrupt.', cause });
  }
}

function hex(magic: number): string {
  return magic.toString(16).padStart(8, '0');
}
