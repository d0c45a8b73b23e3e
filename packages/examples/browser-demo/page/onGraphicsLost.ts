import { backend, getBackend } from '@tensorflow/tfjs-core';
import { type MathBackendWebGL } from '@tensorflow/tfjs-backend-webgl';
import { type WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

const watched = new WeakSet();

/** Hears, once, that the graphics card has dropped what the running backend computes with: context or device. */
export function onGraphicsLost(listener: () => void): void {
  const running = backend();
  if (watched.has(running)) return;
  watched.add(running);
  if (getBackend() === 'webgl') {
    const { gl } = (running as MathBackendWebGL).getGPGPUContext();
    gl.canvas.addEventListener('webglcontextlost', listener, { once: true });
  }
  if (getBackend() === 'webgpu') void (running as WebGPUBackend).device.lost.then(listener);
}
