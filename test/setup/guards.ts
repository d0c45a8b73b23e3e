import { engine, memory, Tensor } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, vi } from 'vitest';

/**
 * Three guards around every test: no leaked tensor, no console output, no synchronous read.
 * A test that checks one of them on purpose says so with `allow('console')` and its like.
 */
type Guard = 'tensors' | 'console' | 'dataSync';
const allowed = new Set<Guard>();
const broken: string[] = [];
let tensorsBefore = 0;

/** Switches a guard off for the running test. Give the reason in the test. */
export function allow(guard: Guard): void {
  allowed.add(guard);
}

/** Kept from before any spy: a spy on a spy would call itself. */
const READS = ['dataSync', 'arraySync'] as const;

const originals = new Map(
  READS.map((method) => [method, Reflect.get(Tensor.prototype, method) as (this: Tensor) => never]),
);

const CONSOLE = ['log', 'info', 'warn', 'error', 'debug'] as const;

/** tfjs-layers reads seeds and configurations synchronously while it builds a model: only our own calls count. */
function calledByUs(): boolean {
  const frames = (new Error().stack ?? '').split('\n').slice(3);
  const caller = frames.find((frame) => !frame.includes('tfjs-core'));
  return caller?.includes('/packages/') === true && !caller.includes('node_modules');
}

beforeEach(() => {
  allowed.clear();
  broken.length = 0;
  for (const method of CONSOLE) {
    vi.spyOn(console, method).mockImplementation((...words: unknown[]) => {
      if (!allowed.has('console')) broken.push(`console.${method}: ${words.map(String).join(' ')}`);
    });
  }
  for (const method of READS) {
    vi.spyOn(Tensor.prototype, method).mockImplementation(function (this: Tensor) {
      if (calledByUs() && !allowed.has('dataSync')) broken.push(`${method} in ${new Error().stack ?? ''}`);
      return originals.get(method)!.call(this);
    });
  }
  engine().startScope('test');
  tensorsBefore = memory().numTensors;
});

afterEach(() => {
  engine().endScope(); // the test's own tensors go here; what survives was kept by the library and forgotten
  const leaked = memory().numTensors - tensorsBefore;
  vi.restoreAllMocks();
  if (leaked > 0 && !allowed.has('tensors')) broken.push(`${leaked} tensors were not disposed`);
  expect(broken).toEqual([]);
});
