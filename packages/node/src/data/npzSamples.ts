import { DistillError, unknownName } from '@tfjs-distill/core';
import { readNpz } from '../store/importNumpy.js';
import { type NpyArray } from '../store/npyArray.js';
import { type RawDataset, type RawSamples } from './makeDataset.js';

/**
 * Samples out of a NumPy archive with `x_train`, `y_train`, `x_test` and `y_test`, as Keras's data sets have them.
 *
 * Whole numbers from 0 to 255 count as bytes where one is above 1: they reach the model as 0 to 1. Images without
 * channels `[samples, height, width]` get one.
 *
 * @throws DistillError `DATA` if it is no such archive, an array is missing, or their lengths differ.
 */
export async function npzSamples(file: string): Promise<RawDataset> {
  const arrays = await readNpz(file);
  const split = async (name: 'train' | 'test'): Promise<RawSamples> => {
    const x = arrayOf(arrays, `x_${name}`, file);
    const y = arrayOf(arrays, `y_${name}`, file);
    const [count = 0, ...sample] = x.shape;
    const labels = await y.rows(0, y.shape[0] ?? 0);
    if (labels.length !== count) {
      const found = `Expected ${count} labels in y_${name}, found ${labels.length}.`;
      throw new DistillError('DATA', found, { where: file });
    }
    const values = await x.rows(0, count);
    const isImage = sample.length === 2;
    return {
      values: areBytes(values) ? Uint8Array.from(values) : Float32Array.from(values),
      shape: [count, ...sample, ...(isImage ? [1] : [])],
      labels: Int32Array.from(labels),
    };
  };
  return { name: file, train: await split('train'), test: await split('test') };
}

function arrayOf(arrays: ReadonlyMap<string, NpyArray>, name: string, where: string): NpyArray {
  const array = arrays.get(name);
  if (array === undefined) throw unknownName('array', name, [...arrays.keys()], { where });
  return array;
}

const areBytes = (values: Float64Array): boolean =>
  values.every((value) => Number.isInteger(value) && value >= 0 && value <= 255) &&
  values.some((value) => value > 1);
