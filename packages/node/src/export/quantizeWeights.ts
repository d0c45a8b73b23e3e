import { Float16Array } from '@petamoriken/float16';
import { io, util } from '@tensorflow/tfjs-core';
import { DistillError } from '@tfjs-distill/core';

/** What weights are stored as. They are float32 again when the model has been loaded. */
export type Quantization = 'float16' | 'uint8';

interface StoredWeight {
  readonly spec: io.WeightsManifestEntry;
  readonly bytes: Uint8Array;
}

/**
 * The same model with smaller weights on disk, in the format that every TensorFlow.js loader decodes.
 *
 * `float16` halves every float32 weight: three significant digits. `uint8` quarters kernels and other weights of two
 * dimensions or more: 256 even steps from each weight's lowest to its highest number, 0 among them if it lies between.
 * Biases and statistics of normalization stay float32 with `uint8`: they are few, and errors in them reach every output.
 *
 * @param artifacts As `model.save` gives them.
 * @throws DistillError `NUMERIC` for a weight that is NaN, or too large for float16.
 * @example await model.save({ save: (artifacts) => fileSystem('student').save(quantizeWeights(artifacts, 'uint8')) });
 */
export function quantizeWeights(artifacts: io.ModelArtifacts, dtype: Quantization): io.ModelArtifacts {
  const { weightData, weightSpecs = [] } = artifacts;
  const stored = splitWeights(weightData, weightSpecs).map((weight) => quantized(weight, dtype));
  return {
    ...artifacts,
    weightData: joined(stored.map(({ bytes }) => bytes)),
    weightSpecs: stored.map(({ spec }) => spec),
  };
}

function splitWeights(
  data: io.WeightData | undefined,
  specs: readonly io.WeightsManifestEntry[],
): StoredWeight[] {
  const all = new Uint8Array(data === undefined ? new ArrayBuffer(0) : io.CompositeArrayBuffer.join(data));
  let at = 0;
  return specs.map((spec) => {
    const bytes = util.sizeFromShape(spec.shape) * util.bytesPerElement(spec.dtype);
    return { spec, bytes: all.slice(at, (at += bytes)) };
  });
}

function quantized(weight: StoredWeight, dtype: Quantization): StoredWeight {
  const { spec, bytes } = weight;
  if (spec.dtype !== 'float32') return weight;
  const values = new Float32Array(bytes.buffer);
  checkFinite(values, spec.name);
  if (dtype === 'float16') return asFloat16(values, spec);
  return spec.shape.length < 2 ? weight : asUint8(values, spec);
}

function asFloat16(values: Float32Array, spec: io.WeightsManifestEntry): StoredWeight {
  const half = Float16Array.from(values);
  const large = half.findIndex((value) => !Number.isFinite(value));
  if (large >= 0) {
    throw new DistillError(
      'NUMERIC',
      `Weight "${spec.name}" holds ${values[large]}, too large for float16.`,
      {
        where: 'quantizeWeights',
        hint: 'Export it as float32.',
      },
    );
  }
  return { spec: { ...spec, quantization: { dtype: 'float16' } }, bytes: new Uint8Array(half.buffer) };
}

const STEPS = 255;

function asUint8(values: Float32Array, spec: io.WeightsManifestEntry): StoredWeight {
  const { scale, min } = steps(values);
  const bytes = Uint8Array.from(values, (value) => Math.round((value - min) / scale));
  return { spec: { ...spec, quantization: { dtype: 'uint8', scale, min } }, bytes };
}

/** Even steps over the range, moved by less than one so that 0 is met: pruned and padded weights stay 0. */
function steps(values: Float32Array): { scale: number; min: number } {
  const [low, high] = rangeOf(values);
  if (low === high) return { scale: 1, min: low };
  const scale = (high - low) / STEPS;
  return { scale, min: low <= 0 && high >= 0 ? Math.round(low / scale) * scale : low };
}

function rangeOf(values: Float32Array): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

function checkFinite(values: Float32Array, name: string): void {
  if (values.every(Number.isFinite)) return;
  throw new DistillError('NUMERIC', `Weight "${name}" holds numbers that are not finite.`, {
    where: 'quantizeWeights',
  });
}

function joined(parts: readonly Uint8Array[]): ArrayBuffer {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.buffer;
}
