import { backend } from '@tensorflow/tfjs-core';
import { type MathBackendWebGL } from '@tensorflow/tfjs-backend-webgl';

/** Hears, once, that the graphics card has dropped the running WebGL backend's context. */
export function onContextLost(listener: () => void): void {
  const { gl } = (backend() as MathBackendWebGL).getGPGPUContext();
  gl.canvas.addEventListener('webglcontextlost', listener, { once: true });
}
