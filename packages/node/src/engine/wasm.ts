import { createRequire } from 'node:module';
import { ready, setBackend } from '@tensorflow/tfjs-core';
import { type Engine } from './engine.js';

declare const WebAssembly: { validate(module: Uint8Array): boolean };

const PACKAGE = '@tensorflow/tfjs-backend-wasm';

/** The smallest module that uses a SIMD instruction: valid exactly where SIMD is. */
const SIMD_MODULE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98,
  11,
]);

export const hasSimd = (): boolean => WebAssembly.validate(SIMD_MODULE);

export const wasm: Engine = {
  name: 'wasm',
  backend: 'wasm',
  description: 'WebAssembly on one core: runs everywhere, nothing to install',

  probe() {
    const { version } = createRequire(import.meta.url)(`${PACKAGE}/package.json`) as { version: string };
    const facts = { simd: hasSimd() ? 'yes' : 'no', threads: '1' };
    return Promise.resolve({ usable: true, version, facts });
  },

  async load() {
    await import('@tensorflow/tfjs-backend-wasm');
    const { registerWasmGradients } = await import('../wasm/index.js');
    registerWasmGradients();
    await setBackend('wasm');
    await ready();
  },
};
