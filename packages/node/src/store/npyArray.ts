import { DistillError, float16Values, product } from '@tfjs-distill/core';

/** Bytes of a file or of a part of an archive. */
export interface ByteSource {
  readonly name: string;
  readonly size: number;
  read(position: number, length: number): Promise<Uint8Array>;
}

/** An array of NumPy: its first dimension counts the rows. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** The numbers of rows `from … to`. */
  rows(from: number, to: number): Promise<Float64Array>;
}

type Reader = (view: DataView, at: number) => number;

/** Number types, and how one is read; NumPy writes little endian as `<`. */
const TYPES: Readonly<Record<string, readonly [bytes: number, read: Reader]>> = {
  '<f2': [2, (view, at) => float16Values()[view.getUint16(at, true)] ?? NaN],
  '<f4': [4, (view, at) => view.getFloat32(at, true)],
  '<f8': [8, (view, at) => view.getFloat64(at, true)],
  '<i4': [4, (view, at) => view.getInt32(at, true)],
  '<i8': [8, (view, at) => Number(view.getBigInt64(at, true))],
  '|b1': [1, (view, at) => view.getUint8(at)],
  '|i1': [1, (view, at) => view.getInt8(at)],
  '|u1': [1, (view, at) => view.getUint8(at)],
  '<u4': [4, (view, at) => view.getUint32(at, true)],
  '<u8': [8, (view, at) => Number(view.getBigUint64(at, true))],
};

/**
 * Reads the header of a `.npy` file; its rows are read when they are asked for.
 *
 * @throws DistillError `DATA` if it is no such file, truncated, in Fortran's order, or of a type that is not read.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export async function npyArray(source: ByteSource): Promise<NpyArray> {
  const start = await source.read(0, Math.min(12, source.size));
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  if (start.length < 12 || view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059) {
    throw broken(source, 'It is no .npy file.');
  }
  const long = view.getUint8(6) >= 2; // version 1 counts the header in two bytes
  const begin = long ? 12 : 10;
  const length = long ? view.getUint32(8, true) : view.getUint16(8, true);
  if (begin + length > source.size) throw broken(source, 'The file is truncated.');
  const text = new TextDecoder('latin1').decode(await source.read(begin, length));
  return arrayOf(source, text, begin + length);
}

function arrayOf(source: ByteSource, header: string, begin: number): NpyArray {
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? 'none';
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  const known = TYPES[type];
  if (known === undefined) {
    throw broken(source, `Expected numbers of type ${Object.keys(TYPES).join(', ')}, found ${type}.`);
  }
  if (sizes === undefined || !/'fortran_order':\s*False/.test(header)) {
    throw broken(source, "Expected an array in C's order; save it with `np.ascontiguousarray`.");
  }
  const [bytes, read] = known;
  const shape = sizes
    .split(',')
    .map((size) => size.trim())
    .filter(Boolean)
    .map(Number);
  if (begin + product(shape) * bytes !== source.size) {
    throw broken(
      source,
      `Expected ${product(shape)} numbers of ${bytes} bytes, found ${source.size - begin} bytes.`,
    );
  }
  const perRow = product(shape.slice(1));
  return {
    shape,
    rows: async (from, to) => {
      const part = await source.read(begin + from * perRow * bytes, (to - from) * perRow * bytes);
      const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
      return Float64Array.from({ length: (to - from) * perRow }, (_, i) => read(view, i * bytes));
    },
  };
}

function broken({ name }: ByteSource, message: string): DistillError {
  return new DistillError('DATA', message, { where: name });
}
