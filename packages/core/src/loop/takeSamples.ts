import { gather, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { type Batch, type Inputs, isTensor } from '../Batch.js';
import { type TensorData } from './Data.js';

/**
 * Some samples of a data set or of a batch, by their places, with their own ids.
 *
 * @param places Indices along the first dimension, in any order; may repeat.
 * @returns Batch whose tensors the caller owns.
 */
export function takeSamples({ x, teacherX, y, weights, ids, view }: TensorData, order: Int32Array): Batch {
  const index = tensor1d(order, 'int32');
  const pick = (tensor: Tensor) => gather(tensor, index);
  const batch = {
    x: mapInputs(x, pick),
    ...(teacherX && { teacherX: mapInputs(teacherX, pick) }),
    ...(y && { y: pick(y) }),
    ...(weights && { weights: pick(weights) }),
    ids: ids === undefined ? order.slice() : order.map((i) => ids[i] as number),
    ...(view !== undefined && { view }),
  };
  index.dispose();
  return batch;
}

function mapInputs(x: Inputs, f: (tensor: Tensor) => Tensor): Inputs {
  if (isTensor(x)) return f(x);
  if (Array.isArray(x)) return (x as readonly Tensor[]).map(f);
  return Object.fromEntries(
    Object.entries(x as Record<string, Tensor>).map(([name, tensor]) => [name, f(tensor)]),
  );
}
