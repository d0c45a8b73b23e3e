import { tensor, type Tensor, tensor1d, type Tensor1D } from '@tensorflow/tfjs-core';
import { type Samples } from './Dataset.js';

/** Some samples as tensors: what a step or an evaluation takes. The caller owns `x` and `y`. */
export interface SampleTensors {
  /** `[rows, …sample]`, float32; bytes became 0 to 1. */
  readonly x: Tensor;
  /** Class numbers `[rows]`, int32; −1 where there is none. */
  readonly y: Tensor1D;
  readonly ids: Int32Array;
}

/**
 * Samples of a data set as tensors.
 *
 * @param rows Which ones, by position. Default all.
 * @example
 * const { x, y } = sampleTensors(dataset.test); // [10000, 28, 28, 1] and [10000]
 */
export function sampleTensors(samples: Samples, rows: Int32Array = everyRow(samples)): SampleTensors {
  const { shape, labels, ids } = samples;
  return {
    x: tensor(floatRows(samples, rows), [rows.length, ...shape.slice(1)], 'float32'),
    y: tensor1d(
      rows.map((row) => labels[row] ?? -1),
      'int32',
    ),
    ids: rows.map((row) => ids[row] ?? -1),
  };
}

/** The values of some samples as a model takes them: bytes divided by 255. */
export function floatRows({ values, shape }: Samples, rows: Int32Array): Float32Array {
  const size = shape.slice(1).reduce((product, length) => product * length, 1);
  const scale = values instanceof Uint8Array ? 255 : 1;
  const floats = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    for (let k = 0; k < size; k++) floats[i * size + k] = (values[row * size + k] ?? 0) / scale;
  });
  return floats;
}

/** `0 … samples − 1`. */
export const everyRow = ({ shape }: Samples): Int32Array =>
  Int32Array.from({ length: shape[0] }, (_, i) => i);
