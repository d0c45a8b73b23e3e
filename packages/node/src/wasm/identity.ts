import { Identity, type IdentityInputs } from '@tensorflow/tfjs-core';
import { reshaped, wasmKernel } from './kernel.js';

/**
 * A clone. The stock kernel copies the numbers, and the gradient tape clones every tensor that a gradient needs;
 * tensors do not change, so a clone can share them, as on the CPU backend.
 */
export const identity = wasmKernel<IdentityInputs, undefined>(Identity, ({ inputs: { x }, backend }) => {
  backend.incRef(x.dataId);
  return reshaped(x, x.shape);
});
