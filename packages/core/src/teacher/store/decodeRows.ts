import { tensor } from '@tensorflow/tfjs-core';
import { type TeacherOutputs, type TopOutputs } from '../TeacherSource.js';
import { type Columns, featureColumn, product } from './columns.js';
import { float16Values } from './float16.js';
import { outputShape, type StoreHeader } from './StoreHeader.js';

/**
 * Stored columns as a teacher's outputs.
 *
 * - probabilities: `T · log p`, which softens to the same distributions;
 * - top-k: `T · log p` of the stored classes, and the tail's mass spread evenly over all others, so that
 *   `softmax(logits / T)` is exactly what was stored; `top` has the stored part itself.
 *
 * @param samples Rows in each column.
 * @returns Tensors that the caller owns.
 */
export function decodeRows(
  header: StoreHeader,
  columns: Columns,
  samples: number,
  taps: readonly string[],
): TeacherOutputs {
  const shape = outputShape(header, samples) as number[];
  const features = taps.map((name) => {
    const values = floats(columns[featureColumn(name)]);
    return [name, tensor(values, [samples, ...(header.features[name] ?? [])])] as const;
  });
  return {
    logits: tensor(logitsOf(header, columns, product(shape)), shape),
    features: Object.fromEntries(features),
    ...(header.kind === 'topK' && { top: topOf(header, columns, samples) }),
  };
}

function logitsOf(header: StoreHeader, columns: Columns, size: number): Float32Array {
  const { kind, dtype, temperature } = header;
  switch (kind) {
    case 'logits':
      return floats(columns['logits']);
    case 'probabilities': {
      const least = dtype === 'float16' ? 2 ** -25 : 1e-37; // what was rounded to 0 is below it
      return floats(columns['probabilities']).map((p) => temperature * Math.log(Math.max(p, least)));
    }
    case 'topK':
      return denseLogits(header, columns, size);
  }
}

function denseLogits(
  { classes, k = classes, temperature }: StoreHeader,
  columns: Columns,
  size: number,
): Float32Array {
  const logits = new Float32Array(size);
  const [places, logProbs, tail] = [columns['classes'], floats(columns['logProbs']), columns['tail']];
  for (let row = 0; row < size / classes; row++) {
    const each = Math.max(tail?.[row] ?? 0, 1e-37) / Math.max(classes - k, 1);
    logits.fill(temperature * Math.log(each), row * classes, (row + 1) * classes);
    for (let i = row * k; i < (row + 1) * k; i++) {
      logits[row * classes + (places?.[i] ?? 0)] = temperature * (logProbs[i] ?? 0);
    }
  }
  return logits;
}

function topOf(
  { positions, k = 1, temperature }: StoreHeader,
  columns: Columns,
  samples: number,
): TopOutputs {
  const shape = [samples, ...positions, k];
  return {
    indices: tensor(Int32Array.from(columns['classes'] ?? []), shape, 'int32'),
    logProbs: tensor(floats(columns['logProbs']), shape),
    temperature,
  };
}

/** Half-precision bits as numbers; float32 as it is. */
function floats(values: Columns[string] = new Float32Array()): Float32Array {
  if (values instanceof Float32Array) return values;
  const decoded = float16Values();
  const result = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = decoded[values[i] as number] as number;
  return result;
}
