import { readFile } from 'node:fs/promises';
import { DistillError, messageOf, type TeacherSource } from '@tfjs-distill/core';
import type * as Onnx from 'onnxruntime-common';
import { bytesOf, decodeValues, encodeValues } from './datatypes.js';
import { loadOptional } from './loadOptional.js';
import { type ModelPort, type ModelRuntime, type PortValues } from './ModelRuntime.js';
import { runtimeTeacher } from './runtimeTeacher.js';

export interface OnnxOptions {
  /** Name in reports and messages. Default: the file's. */
  readonly name?: string | undefined;
  /** Output with the logits or probabilities. Default: the only one, or the one called `logits`. */
  readonly logits?: string | undefined;
  /** Samples at once. Default: the whole batch; a model of a fixed batch is asked piece by piece. */
  readonly batchSize?: number | undefined;
  /** Where it runs, in order of preference: `cpu`, `cuda`, `dml`, `coreml`. Default `cpu`. */
  readonly providers?: readonly string[] | undefined;
}

/** What to type: the package's own script only fetches CUDA, from a host that is often blocked. */
export const ONNX_INSTALL = 'npm install --ignore-scripts onnxruntime-node';

/**
 * A teacher from an ONNX file, run by ONNX Runtime. Its other outputs are features, by name.
 *
 * Needs the package `onnxruntime-node`.
 *
 * @returns Source; dispose it when done.
 * @throws DistillError `TEACHER` if the package is missing, `DATA` if the file cannot be read or is no model.
 *
 * @example
 * const teacher = await onnxTeacher('resnet50.onnx');
 * prepareCompression(student, { teacher: { source: teacher, preprocess: { layout: 'NCHW' } }, criterion });
 *
 * @see https://onnxruntime.ai/docs/get-started/with-javascript/node.html
 */
export async function onnxTeacher(file: string, options: OnnxOptions = {}): Promise<TeacherSource> {
  const runtime = await openOnnx(file, options.providers ?? ['cpu']);
  return runtimeTeacher(runtime, { ...options, name: options.name ?? file });
}

type Runtime = typeof Onnx;

async function openOnnx(file: string, providers: readonly string[]): Promise<ModelRuntime> {
  const onnx = loadOptional<Runtime>('onnxruntime-node', 'ONNX models', ONNX_INSTALL);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new DistillError('DATA', `${file} cannot be read: ${messageOf(cause)}.`, {
      where: 'onnxTeacher',
      cause,
    });
  });
  const session = await onnx.InferenceSession.create(bytes, {
    executionProviders: [...providers],
    logSeverityLevel: 3, // errors only: its warnings go past Node to standard error
  }).catch((cause: unknown) => {
    throw new DistillError('DATA', `${file} cannot be opened: ${messageOf(cause)}.`, {
      where: 'onnxTeacher',
      hint: 'It is damaged, no ONNX model, or newer than the installed onnxruntime-node.',
      cause,
    });
  });
  return runtimeOf(onnx, session, file);
}

function runtimeOf(onnx: Runtime, session: Onnx.InferenceSession, file: string): ModelRuntime {
  return {
    description: `ONNX model ${file}`,
    inputs: session.inputMetadata.map(portOf),
    outputs: session.outputMetadata.map(portOf),
    async run(inputs, outputs) {
      const feeds = Object.fromEntries(inputs.map((input) => [input.name, toOnnx(onnx, input)]));
      const results = await session.run(feeds, [...outputs]);
      return outputs.flatMap((name) => (results[name] ? [fromOnnx(name, results[name])] : []));
    },
    dispose: () => void session.release(),
  };
}

/** ONNX Runtime's names of number types, by those of the Open Inference Protocol. */
const TYPES: Readonly<Record<string, Onnx.Tensor.Type>> = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
};

function datatypeOf(type: string): string {
  return Object.keys(TYPES).find((datatype) => TYPES[datatype] === type) ?? type;
}

function portOf(port: Onnx.InferenceSession.ValueMetadata): ModelPort {
  if (!port.isTensor) return { name: port.name, datatype: 'no tensor' };
  return {
    name: port.name,
    datatype: datatypeOf(port.type),
    // a size that is free has a name instead
    shape: port.shape.map((size) => (typeof size === 'number' && size >= 0 ? size : null)),
  };
}

function toOnnx(onnx: Runtime, { datatype, shape, values }: PortValues): Onnx.Tensor {
  const { buffer, byteOffset, byteLength } = encodeValues(values, datatype);
  const Numbers = ARRAYS[datatype] ?? Float32Array;
  const data = new Numbers(buffer, byteOffset, byteLength / bytesOf(datatype));
  return new onnx.Tensor(TYPES[datatype] as 'float32', data as Float32Array, shape);
}

function fromOnnx(name: string, result: Onnx.OnnxValue): PortValues {
  const { type, data, dims } = result;
  const datatype = datatypeOf(type);
  if (data instanceof Float32Array) return { name, datatype, shape: dims, values: data };
  const { buffer, byteOffset, byteLength } = data as unknown as Uint8Array;
  return {
    name,
    datatype,
    shape: dims,
    values: decodeValues(new Uint8Array(buffer, byteOffset, byteLength), datatype),
  };
}

/** Arrays in which ONNX Runtime takes each type. */
const ARRAYS: Readonly<
  Record<string, new (buffer: ArrayBuffer, offset: number, length: number) => ArrayBufferView>
> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
};
