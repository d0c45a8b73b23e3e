import { io } from '@tensorflow/tfjs-core';
import { Float16Array } from '@petamoriken/float16';
import { DistillError } from '@tfjs-distill/core';

/**
 * Saves through another handler, with float16 weights: half the size, three significant digits.
 * Such a model loads as any other, and then its weights are float32 again.
 *
 * @throws DistillError `OPTION` from `save` if a weight is not float32.
 * @example await teacher.save(inHalfPrecision(fileSystem('teacher')));
 */
export function inHalfPrecision({ save, load }: io.IOHandler): io.IOHandler {
  return { ...(load && { load }), ...(save && { save: (artifacts) => save(halfPrecision(artifacts)) }) };
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
