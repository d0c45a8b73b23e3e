import { DistillError, float16Values, toFloat16 } from '@tfjs-distill/core';

/** Numbers as tensors hold them. */
export type Values = Float32Array | Int32Array | Uint8Array;

interface Format {
  readonly bytes: number;
  readonly write: (view: DataView, at: number, value: number) => void;
  readonly read: (view: DataView, at: number) => number;
}

/** Number types by their names in the Open Inference Protocol; little-endian, as its binary form demands. */
const FORMATS: Readonly<Record<string, Format>> = {
  BOOL: { bytes: 1, write: (v, at, x) => v.setUint8(at, x ? 1 : 0), read: (v, at) => v.getUint8(at) },
  UINT8: { bytes: 1, write: (v, at, x) => v.setUint8(at, x), read: (v, at) => v.getUint8(at) },
  UINT16: { bytes: 2, write: (v, at, x) => v.setUint16(at, x, true), read: (v, at) => v.getUint16(at, true) },
  UINT32: { bytes: 4, write: (v, at, x) => v.setUint32(at, x, true), read: (v, at) => v.getUint32(at, true) },
  UINT64: {
    bytes: 8,
    write: (v, at, x) => v.setBigUint64(at, BigInt(Math.trunc(x)), true),
    read: (v, at) => Number(v.getBigUint64(at, true)),
  },
  INT8: { bytes: 1, write: (v, at, x) => v.setInt8(at, x), read: (v, at) => v.getInt8(at) },
  INT16: { bytes: 2, write: (v, at, x) => v.setInt16(at, x, true), read: (v, at) => v.getInt16(at, true) },
  INT32: { bytes: 4, write: (v, at, x) => v.setInt32(at, x, true), read: (v, at) => v.getInt32(at, true) },
  INT64: {
    bytes: 8,
    write: (v, at, x) => v.setBigInt64(at, BigInt(Math.trunc(x)), true),
    read: (v, at) => Number(v.getBigInt64(at, true)),
  },
  FP16: {
    bytes: 2,
    write: (v, at, x) => v.setUint16(at, toFloat16(x), true),
    read: (v, at) => float16Values()[v.getUint16(at, true)] as number,
  },
  FP32: { bytes: 4, write: (v, at, x) => v.setFloat32(at, x, true), read: (v, at) => v.getFloat32(at, true) },
  FP64: { bytes: 8, write: (v, at, x) => v.setFloat64(at, x, true), read: (v, at) => v.getFloat64(at, true) },
};

/** Memory order of this machine: all that Node.js runs on but a few are little-endian. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Numbers as the bytes of a datatype. */
export function encodeValues(values: ArrayLike<number>, datatype: string): Uint8Array<ArrayBuffer> {
  if (datatype === 'FP32' && LITTLE_ENDIAN && values instanceof Float32Array)
    return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  const { bytes, write } = formatOf(datatype);
  const view = new DataView(new ArrayBuffer(values.length * bytes));
  for (let i = 0; i < values.length; i++) write(view, i * bytes, values[i] as number);
  return new Uint8Array(view.buffer);
}

/** Bytes of a datatype as float32; whole numbers above 2²⁴ lose their last digits. */
export function decodeValues(encoded: Uint8Array, datatype: string): Float32Array {
  const { bytes, read } = formatOf(datatype);
  const count = Math.floor(encoded.byteLength / bytes);
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  return Float32Array.from({ length: count }, (_, i) => read(view, i * bytes));
}

/** Bytes of one number. */
export const bytesOf = (datatype: string): number => formatOf(datatype).bytes;

function formatOf(datatype: string): Format {
  const format = FORMATS[datatype];
  if (format !== undefined) return format;
  throw new DistillError('TEACHER', `The model has a tensor of type ${datatype}, which is no number.`, {
    hint: `Types that can be used: ${Object.keys(FORMATS).join(', ')}.`,
  });
}
