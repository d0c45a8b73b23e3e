import '@tensorflow/tfjs-backend-wasm';
import {
  getKernel,
  getKernelsForBackend,
  type KernelConfig,
  registerKernel,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { registerWasmGradients } from '@tfjs-distill/node/wasm-kernels';
import { afterAll, describe, expect, it } from 'vitest';

const kernels = () =>
  new Map(getKernelsForBackend('wasm').map((kernel) => [kernel.kernelName, kernel.kernelFunc]));

describe('registerWasmGradients', () => {
  afterAll(() => void registerWasmGradients());

  it('adds what the backend lacks, and changes nothing when it is called again', () => {
    registerWasmGradients()();
    const stock = kernels();
    const undo = registerWasmGradients();
    const ours = kernels();
    expect([...ours.keys()].filter((name) => !stock.has(name)).toSorted()).toEqual([
      'Conv2DBackpropFilter',
      'DepthwiseConv2dNativeBackpropFilter',
      'DepthwiseConv2dNativeBackpropInput',
      'Einsum',
      'UnsortedSegmentSum',
    ]);
    expect(registerWasmGradients()).toBe(undo);
    expect(kernels()).toEqual(ours);
  });

  it('keeps the set-up of a kernel that it replaces, which the backend runs when it starts', () => {
    registerWasmGradients()();
    const { setupFunc } = getKernel('BatchMatMul', 'wasm');
    registerWasmGradients();
    expect(setupFunc).toBeTypeOf('function');
    expect(getKernel('BatchMatMul', 'wasm').setupFunc).toBe(setupFunc);
  });

  it('is undone by what it returns', () => {
    registerWasmGradients()();
    const stock = kernels();
    registerWasmGradients()();
    expect(kernels()).toEqual(stock);
  });

  it('says what to import where the backend is missing', () => {
    registerWasmGradients()();
    const all: KernelConfig[] = getKernelsForBackend('wasm');
    for (const { kernelName } of all) unregisterKernel(kernelName, 'wasm');
    try {
      expect(() => registerWasmGradients()).toThrow(
        "registerWasmGradients: The wasm backend is not loaded. Import '@tensorflow/tfjs-backend-wasm' first.",
      );
    } finally {
      for (const kernel of all) registerKernel(kernel);
    }
  });
});
