import { LeakyRelu, type LeakyReluAttrs, type LeakyReluInputs } from '@tensorflow/tfjs-core';
import { allocate, floats, wrappedKernel } from './kernel.js';

/** `x` where x ≥ 0, else `alpha · x`. The stock kernel branches on signs that cannot be predicted: twice as slow. */
export const leakyRelu = wrappedKernel<LeakyReluInputs, LeakyReluAttrs>(LeakyRelu, (call, stock) => {
  const { inputs, attrs, backend } = call;
  if (inputs.x.dtype !== 'float32') return stock(call);
  const result = allocate(backend, inputs.x.shape);
  const x = floats(backend, inputs.x);
  const out = floats(backend, result);
  const slopes = [attrs.alpha, 1];
  for (let i = 0; i < out.length; i++) out[i] = x[i]! * slopes[+(x[i]! >= 0)]!;
  return result;
});
