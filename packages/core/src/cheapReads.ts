import { getBackend } from '@tensorflow/tfjs-core';

/** Backends where a read waits for the whole queue of the graphics card. */
const SLOW_TO_READ = new Set(['webgl', 'webgpu']);

/** Whether reading one number back costs next to nothing, as on cpu, wasm and native TensorFlow. */
export function readsAreCheap(): boolean {
  return !SLOW_TO_READ.has(getBackend());
}
