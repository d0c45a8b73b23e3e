import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nativeBackend, type OpAttr } from '../../../packages/node/src/compiled/binding.js';
import { storeGraph } from '../../../packages/node/src/compiled/graphStore.js';
import { sessionConfig } from '../../../packages/node/src/compiled/sessionConfig.js';
import { type Trace } from '../../../packages/node/src/compiled/Trace.js';
import { workOf } from '../../../packages/node/src/compiled/workOf.js';
import { writeGraph } from '../../../packages/node/src/compiled/writeGraph.js';
import { readInstalled, RECIPE } from '../../../packages/node/src/engine/installed.js';
import { NATIVE } from './rig.js';

const FLOAT32 = 1;

/** One operation on inputs of these shapes. */
function traceOf(name: string, inputs: number[][], output: number[], attrs: OpAttr[] = []): Trace {
  return {
    inputs: inputs.map((shape, i) => ({ key: `x ${i}`, layout: { shape, dtype: FLOAT32 } })),
    constants: [],
    ops: [
      {
        name,
        attrs,
        inputs: inputs.map((_, index) => ({ kind: 'input', index, output: 0 })),
        outputs: [{ shape: output, dtype: FLOAT32 }],
      },
    ],
    survivors: [{ kind: 'op', index: 0, output: 0 }],
  };
}

/** A product of matrices. */
function product(rows: number, inner: number, columns: number): Trace {
  const shapes = { a: [rows, inner], b: [inner, columns] };
  return traceOf('MatMul', [shapes.a, shapes.b], [rows, columns]);
}

describe('workOf', () => {
  const [image, kernel, dy, sizes] = [[8, 28, 28, 3], [5, 5, 3, 16], [8, 28, 28, 16], [4]];
  const [maps, own] = [
    [8, 14, 14, 6],
    [3, 3, 6, 2],
  ];
  const [batchA, batchB] = [
    [4, 32, 64],
    [4, 64, 10],
  ];

  it.each([
    ['BatchMatMulV2', [batchA, batchB], [4, 32, 10], 4 * 2 * 32 * 64 * 10],
    ['Conv2D', [image, kernel], dy, 2 * 8 * 28 * 28 * 16 * 5 * 5 * 3],
    ['Conv2DBackpropInput', [sizes, kernel, dy], image, 2 * 8 * 28 * 28 * 16 * 75],
    ['Conv2DBackpropFilter', [image, sizes, dy], kernel, 2 * 8 * 28 * 28 * 16 * 75],
    ['DepthwiseConv2dNative', [maps, own], [8, 14, 14, 12], 2 * 8 * 14 * 14 * 12 * 9],
    ['Tanh', [[10, 10]], [10, 10], 400],
  ])('counts the products of %s', (name, inputs, output, work) => {
    expect(workOf(traceOf(name, inputs, output))).toBe(work);
  });

  it('counts the products of MatMul', () => {
    expect(workOf(product(32, 64, 10))).toBe(2 * 32 * 64 * 10);
  });

  it('knows a transposed matrix by its attribute', () => {
    const attrs = [{ name: 'transpose_a', type: 3, value: true }];
    const shapes = { a: [64, 32], b: [64, 10] };
    expect(workOf(traceOf('MatMul', [shapes.a, shapes.b], [32, 10], attrs))).toBe(2 * 32 * 64 * 10);
  });
});

describe('the threads of a graph', () => {
  it('is one where the step is small, and as many as there are cores where it is not', () => {
    expect(sessionConfig(product(32, 64, 10))).toBeInstanceOf(Uint8Array);
    expect(sessionConfig(product(4096, 4096, 4096))).toBeUndefined();
  });
});

const OURS = NATIVE && (await readInstalled('cpu'))?.recipe === RECIPE;

describe.runIf(OURS)('a session of the installed engine', () => {
  let root: string;
  beforeEach(async () => void (root = await mkdtemp(path.join(os.tmpdir(), 'distill-session-'))));
  afterEach(() => rm(root, { recursive: true }));

  const small = traceOf('Tanh', [[2]], [2]);
  const load = (config?: Uint8Array) => {
    const { bytes } = writeGraph({ ...small, ops: [{ ...small.ops[0]!, attrs: [T] }] }, { fed: new Set() });
    const { binding } = nativeBackend()!;
    const session = binding.loadSavedModel(storeGraph(bytes, config, root), 'serve');
    binding.deleteSavedModel(session);
  };
  const T: OpAttr = { name: 'T', type: 4, value: FLOAT32 };

  it('takes the configuration that lies beside its graph, each its own', async () => {
    load();
    load(sessionConfig(small));
    expect(() => load(Uint8Array.of(255, 255, 255))).toThrow(/ConfigProto/);
    expect(await readdir(root)).toHaveLength(3);
  });
});
