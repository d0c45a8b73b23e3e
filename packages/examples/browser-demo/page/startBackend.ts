import {
  findBackendFactory,
  getBackend,
  ready,
  registerBackend,
  removeBackend,
  setBackend,
} from '@tensorflow/tfjs-core';
import { fileUrl } from './fetchBytes.js';

export const BACKENDS = {
  wasm: 'WebAssembly',
  webgl: 'WebGL',
  webgpu: 'WebGPU',
  cpu: 'plain JavaScript',
} as const;
export type Backend = keyof typeof BACKENDS;

/** Each backend is a download of its own. */
const LOADERS: Readonly<Record<Backend, () => Promise<unknown>>> = {
  wasm: async () => {
    const [{ setWasmPaths }, { registerWasmGradients }] = await Promise.all([
      import('@tensorflow/tfjs-backend-wasm'),
      import('@tfjs-distill/node/wasm-kernels'),
    ]);
    setWasmPaths(fileUrl('wasm/'));
    registerWasmGradients();
  },
  webgl: () => import('@tensorflow/tfjs-backend-webgl'),
  webgpu: () => import('@tensorflow/tfjs-backend-webgpu'),
  cpu: () => import('@tensorflow/tfjs-backend-cpu'),
};

/** Computes on the first of these backends that this browser has. @returns Which one. */
export async function startBackend(wanted: readonly Backend[]): Promise<Backend> {
  for (const backend of wanted) {
    try {
      await LOADERS[backend]();
      if (!(await setBackend(backend))) continue;
      await ready();
      if (getBackend() === backend) return backend;
    } catch {
      continue; // the next one
    }
  }
  throw new Error(`None of ${wanted.map((name) => BACKENDS[name]).join(', ')} works in this browser.`);
}

/** Frees a backend that cannot compute any more; chosen again, it starts anew. */
export function forgetBackend(backend: Backend): void {
  const factory = findBackendFactory(backend);
  removeBackend(backend);
  registerBackend(backend, factory);
}
