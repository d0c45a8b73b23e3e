import { type StoreHeader } from './StoreHeader.js';

const ARRAYS = {
  int32: Int32Array,
  uint16: Uint16Array,
  float32: Float32Array,
  float16: Uint16Array, // the bits
} as const;

export type ColumnType = keyof typeof ARRAYS;
export type ColumnArray = Int32Array | Uint16Array | Float32Array;

/** One column of a stored table: so many numbers a sample. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Numbers per sample. */
  readonly width: number;
}

/** Values of some samples, by column name. */
export type Columns = Readonly<Record<string, ColumnArray>>;

/** Class numbers above this do not fit 16 bits. */
const UINT16_CLASSES = 65_536;

/** The columns that a store of this header has, in order. */
export function columnsOf(header: StoreHeader): readonly Column[] {
  const { kind, dtype, classes, k = 0, features } = header;
  const places = product(header.positions);
  const id: Column = { name: 'id', type: 'int32', width: 1 };
  const outputs: readonly Column[] =
    kind === 'topK'
      ? [
          { name: 'classes', type: classes <= UINT16_CLASSES ? 'uint16' : 'int32', width: places * k },
          { name: 'logProbs', type: dtype, width: places * k },
          { name: 'tail', type: 'float32', width: places },
        ]
      : [{ name: kind, type: dtype, width: places * classes }];
  const tapped = Object.entries(features).map(([name, shape]): Column => ({
    name: featureColumn(name),
    type: dtype,
    width: product(shape),
  }));
  return [id, ...outputs, ...tapped];
}

export function featureColumn(name: string): string {
  return `feature.${name}`;
}

/** Room for so many samples of a column. */
export function newColumn({ type, width }: Column, samples: number): ColumnArray {
  return new ARRAYS[type](samples * width);
}

/** A column's values where they lie in a buffer. */
export function columnAt(
  { type, width }: Column,
  bytes: Uint8Array,
  offset: number,
  samples: number,
): ColumnArray {
  return new ARRAYS[type](bytes.buffer as ArrayBuffer, bytes.byteOffset + offset, samples * width);
}

/** Bytes of one sample of a column. */
export function bytesPerSample({ type, width }: Column): number {
  return width * ARRAYS[type].BYTES_PER_ELEMENT;
}

/** Bytes of one sample. */
export function rowBytes(header: StoreHeader): number {
  return columnsOf(header).reduce((sum, column) => sum + bytesPerSample(column), 0);
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}
