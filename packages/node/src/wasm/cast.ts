import { Cast, type CastAttrs, type CastInputs } from '@tensorflow/tfjs-core';
import { allocate, numbers, wrappedKernel } from './kernel.js';

/** Change of type. The stock kernel (4.22) makes a bool of a number by its lowest byte: 0.5 and 256 become false. */
export const cast = wrappedKernel<CastInputs, CastAttrs>(Cast, (call, stock) => {
  const { inputs, attrs, backend } = call;
  if (attrs.dtype !== 'bool') return stock(call);
  const result = allocate(backend, inputs.x.shape, 'bool');
  const x = numbers(backend, inputs.x);
  const out = numbers(backend, result);
  for (let i = 0; i < out.length; i++) out[i] = +(x[i] !== 0);
  return result;
});
