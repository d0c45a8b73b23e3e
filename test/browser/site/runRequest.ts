import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { getBackend, ready, setBackend } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { registerWasmGradients } from '@tfjs-distill/node/wasm-kernels';
import { type Outcome } from './PageReport.js';
import { distil } from './training.js';

export interface TrainRequest {
  readonly backend: string;
  readonly steps: number;
}

/** Serves a request on one backend. */
export async function runRequest({ backend, steps }: TrainRequest): Promise<Outcome> {
  setWasmPaths('/wasm/');
  registerWasmGradients();
  if (!(await startBackend(backend))) return { status: 'absent', reason: `no ${backend} here` };
  try {
    const [teacher, pixels] = await Promise.all([loadLayersModel('/teacher/model.json'), digits()]);
    const answers = await distil(pixels, teacher, steps);
    return { status: 'done', backend: getBackend(), strict: evalIsRefused(), ...answers };
  } catch (error) {
    return {
      status: 'failed',
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

async function startBackend(backend: string): Promise<boolean> {
  try {
    if (!(await setBackend(backend))) return false;
    await ready();
    return getBackend() === backend;
  } catch {
    return false;
  }
}

async function digits(): Promise<Uint8Array> {
  const response = await fetch('/digits.bin');
  return new Uint8Array(await response.arrayBuffer());
}

function evalIsRefused(): boolean {
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- whether it is allowed is the question
    new Function('');
    return false;
  } catch {
    return true;
  }
}
