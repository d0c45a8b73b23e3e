import { type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { backend, engine, getBackend, memory, setBackend, type Tensor } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { selectEngine } from '@tfjs-distill/node/engine';
import { registerWasmGradients } from '@tfjs-distill/node/wasm-kernels';
import { afterAll, beforeAll, expect } from 'vitest';

/** Runs the tests of a file with our kernels, whatever the engine is, and puts the engine back. */
export function useWasmKernels(): void {
  let before = '';
  beforeAll(async () => {
    before = getBackend();
    await selectEngine({ engine: 'cpu' });
    await selectEngine({ engine: 'wasm' });
    registerWasmGradients();
  });
  afterAll(async () => {
    await setBackend(before);
  });
}

type Work = () => Tensor | readonly Tensor[];

interface Output {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

async function outputsOn(name: string, work: Work): Promise<Output[]> {
  await setBackend(name);
  engine().startScope(name);
  const tensors = [work()].flat();
  const outputs = await Promise.all(
    tensors.map(async (tensor) => ({
      shape: tensor.shape,
      dtype: tensor.dtype,
      values: Array.from(await tensor.data()),
    })),
  );
  engine().endScope();
  return outputs;
}

/** Largest difference that passes, relative to the largest value of the output. */
const TOLERANCE = 1e-4;

/**
 * Expects the same outputs on wasm as on cpu, and nothing left behind on the wasm heap.
 *
 * @param work Makes its inputs itself, the same on each call.
 */
export async function expectSameOnBothBackends(work: Work): Promise<void> {
  const expected = await outputsOn('cpu', work);
  await setBackend('wasm');
  const before = footprint();
  const got = await outputsOn('wasm', work);
  expect(footprint()).toEqual(before);
  expect(got.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
    expected.map(({ shape, dtype }) => ({ shape, dtype })),
  );
  expected.forEach(({ values }, i) => expectClose(got[i]!.values, values));
}

export function footprint(): { tensors: number; buckets: number } {
  return { tensors: memory().numTensors, buckets: (backend() as BackendWasm).numDataIds() };
}

export function expectClose(got: readonly number[], expected: readonly number[]): void {
  const scale = expected.reduce(
    (most, value) => (Math.abs(value) < Infinity ? Math.max(most, Math.abs(value)) : most),
    1e-6,
  );
  const far = expected.findIndex((value, i) => !isNear(got[i]!, value, TOLERANCE * scale));
  if (far >= 0) expect({ at: far, value: got[far] }).toEqual({ at: far, value: expected[far] });
}

function isNear(a: number, b: number, tolerance: number): boolean {
  return Object.is(a, b) || a === b || Math.abs(a - b) <= tolerance;
}
