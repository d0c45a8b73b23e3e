import {
  getKernel,
  getKernelsForBackend,
  type KernelConfig,
  registerKernel,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { DistillError } from '@tfjs-distill/core';
import { batchMatMul } from './batchMatMul.js';
import { cast } from './cast.js';
import { conv2dBackpropFilter } from './conv2dBackpropFilter.js';
import { conv2dBackpropInput } from './conv2dBackpropInput.js';
import { conv3dBackpropFilter, conv3dBackpropInput } from './conv3dGradients.js';
import { depthwiseBackpropFilter } from './depthwiseBackpropFilter.js';
import { depthwiseBackpropInput } from './depthwiseBackpropInput.js';
import { einsum } from './einsum.js';
import { fusedMatMul } from './fusedMatMul.js';
import { identity } from './identity.js';
import { type WasmKernel } from './kernel.js';
import { maxPool3d } from './maxPool3d.js';
import { maxPool3dGrad, maxPoolGrad } from './maxPoolGrad.js';
import { prelu } from './prelu.js';
import { reverse } from './reverse.js';
import { slice, splitV, stridedSlice, unpack } from './slices.js';
import { tile } from './tile.js';
import { unsortedSegmentSum } from './unsortedSegmentSum.js';

/** Every kernel that is added to the wasm backend or replaces one of its own. */
export const WASM_KERNELS: readonly WasmKernel[] = [
  batchMatMul,
  cast,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  conv3dBackpropFilter,
  conv3dBackpropInput,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
  einsum,
  fusedMatMul,
  identity,
  maxPool3d,
  maxPool3dGrad,
  maxPoolGrad,
  prelu,
  reverse,
  slice,
  splitV,
  stridedSlice,
  tile,
  unpack,
  unsortedSegmentSum,
];

let undo: (() => void) | undefined;

/**
 * Makes models trainable on the wasm backend, correctly and fast.
 *
 * TensorFlow.js 4.22 for WebAssembly
 * - has no gradient kernel for convolutions, depthwise convolutions and gather, and no Einsum: no model with a Conv2D,
 *   DepthwiseConv2D or Embedding layer trains on it. They are added.
 * - computes wrong numbers without a word: the gradient of max pooling where no number of a window is positive; max
 *   pooling of volumes, and the gradients of convolutions over them; fused products of a transposed side or a batch;
 *   PReLU with slopes that are not those of the last axes; strided slices of integers; fractions cast to truth
 *   values. Those kernels are replaced.
 * - spends ten times what it has to on products with a transposed side (every dense layer's gradient), gradients of
 *   convolutions by their input, slices, tiles and reversals. Those are replaced too.
 *
 * Results are those of the CPU backend. Needs neither Node nor SIMD nor threads. Call it once the backend is
 * imported, before or after it is set; a second call changes nothing.
 *
 * @returns Puts the backend's own kernels back.
 * @throws DistillError `ENGINE` if `@tensorflow/tfjs-backend-wasm` is not imported.
 * @example
 * import '@tensorflow/tfjs-backend-wasm';
 * registerWasmGradients();
 * await setBackend('wasm'); // the student of seed 004, batch 32: 6 ms a step; on the CPU backend 960 ms
 */
export function registerWasmGradients(): () => void {
  if (getKernelsForBackend('wasm').length === 0) {
    throw new DistillError('ENGINE', 'The wasm backend is not loaded.', {
      where: 'registerWasmGradients',
      hint: "Import '@tensorflow/tfjs-backend-wasm' first.",
    });
  }
  if (undo) return undo;
  const replaced = WASM_KERNELS.map(replaceKernel);
  undo = () => {
    for (const restore of replaced) restore();
    undo = undefined;
  };
  return undo;
}

function replaceKernel({ kernelName, create }: WasmKernel): () => void {
  const stock = getKernel(kernelName, 'wasm') as KernelConfig | undefined;
  if (stock) unregisterKernel(kernelName, 'wasm');
  // The stock set-up stays: it binds the functions of the stock kernel, which other stock kernels call directly.
  registerKernel({ ...stock, kernelName, backendName: 'wasm', kernelFunc: create(stock?.kernelFunc) });
  return () => {
    unregisterKernel(kernelName, 'wasm');
    if (stock) registerKernel(stock);
  };
}
