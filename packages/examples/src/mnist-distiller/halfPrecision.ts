import { io } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { Float16Array } from '@petamoriken/float16';
import { DistillError } from '@tfjs-distill/core';

/**
 * Saves a model with its weights as float16: half the size, three significant digits. Loaded as any
 * other model, and then float32 again.
 *
 * @param url Where to, such as `file://teacher`.
 * @throws DistillError `OPTION` if a weight is not float32 or nothing can save to `url`.
 */
export async function saveHalfPrecision(model: LayersModel, url: string): Promise<void> {
  const [handler] = io.getSaveHandlers(url);
  const save = handler?.save;
  if (handler === undefined || save === undefined) {
    throw new DistillError('OPTION', `Nothing can save a model to ${url}.`, { where: 'saveHalfPrecision' });
  }
  await model.save(io.withSaveHandler((artifacts) => save.call(handler, halfPrecision(artifacts))));
}

/** The same model with float16 weights, which TensorFlow.js calls a quantization. */
export function halfPrecision(artifacts: io.ModelArtifacts): io.ModelArtifacts {
  const { weightData, weightSpecs = [] } = artifacts;
  const odd = weightSpecs.find(({ dtype }) => dtype !== 'float32');
  if (odd !== undefined || weightData === undefined) {
    const message = `Expected float32 weights, got ${odd ? `${odd.name} of ${odd.dtype}` : 'none'}.`;
    throw new DistillError('OPTION', message, { where: 'halfPrecision' });
  }
  const full = new Float32Array(io.CompositeArrayBuffer.join(weightData));
  return {
    ...artifacts,
    weightData: new Uint8Array(Float16Array.from(full).buffer).slice().buffer,
    weightSpecs: weightSpecs.map((spec) => ({ ...spec, quantization: { dtype: 'float16' } })),
  };
}
