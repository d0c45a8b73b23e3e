import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { getBackend, ready, setBackend } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { registerWasmGradients } from '@tfjs-distill/node/wasm-kernels';
import { type PageReport } from './PageReport.js';
import { readStores } from './stores.js';
import { distil } from './training.js';

/** What a page is asked to do. */
export interface PageRequest {
  readonly task: 'distil' | 'read stores';
  readonly backend: string;
  readonly steps: number;
}

/** Does it; what goes wrong is part of the outcome. */
export async function runRequest(request: PageRequest): Promise<PageReport> {
  try {
    return request.task === 'distil' ? await distilOn(request) : { status: 'read', ...(await readStores()) };
  } catch (error) {
    return {
      status: 'failed',
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

async function distilOn({ backend, steps }: PageRequest): Promise<PageReport> {
  setWasmPaths('/wasm/');
  registerWasmGradients();
  if (!(await startBackend(backend))) return { status: 'absent', reason: `no ${backend} here` };
  const [teacher, pixels] = await Promise.all([loadLayersModel('/teacher/model.json'), digits()]);
  const answers = await distil(pixels, teacher, steps);
  return { status: 'done', backend: getBackend(), strict: evalIsRefused(), ...answers };
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
