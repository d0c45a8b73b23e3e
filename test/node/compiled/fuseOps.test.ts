import { train } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { fuseOps } from '../../../packages/node/src/compiled/fuseOps.js';
import { type Ref, type Trace, type TracedOp } from '../../../packages/node/src/compiled/Trace.js';
import { agreed, NATIVE, seeded } from './rig.js';

const FLOAT32 = 1;
const input = (index: number): Ref => ({ kind: 'input', index, output: 0 });
const constant = (index: number): Ref => ({ kind: 'constant', index, output: 0 });
const result = (index: number): Ref => ({ kind: 'op', index, output: 0 });
const op = (name: string, inputs: Ref[], shape = [2, 3]): TracedOp => ({
  name,
  attrs: [],
  inputs,
  outputs: [{ shape, dtype: FLOAT32 }],
});
const numbers = (...values: number[]) => ({
  shape: [values.length],
  dtype: FLOAT32,
  values: Float32Array.from(values),
});

/** `relu(x)` and its gradient, as tfjs-node computes it. */
const reluTrace = (threshold = 0): Trace => ({
  inputs: ['x', 'dy'].map((key) => ({ key, layout: { shape: [2, 3], dtype: FLOAT32 } })),
  constants: [numbers(threshold), numbers(1, 1, 1, 1, 1, 1), numbers(0, 0, 0, 0, 0, 0)],
  ops: [
    op('Relu', [input(0)]),
    op('IsNan', [input(0)]),
    op('Greater', [input(0), constant(0)]),
    op('Select', [result(2), constant(1), constant(2)]),
    op('Select', [result(1), input(0), result(3)]),
    op('Cast', [result(4)]),
    op('Mul', [input(1), result(5)]),
  ],
  survivors: [result(0), result(6)],
});

describe('fuseOps', () => {
  it("has one operation for the gradient of ReLU, by ReLU's own result", () => {
    const fused = fuseOps(reluTrace(), () => true);
    expect(fused.ops[6]).toMatchObject({ name: 'ReluGrad', inputs: [input(1), result(0)] });
    expect(fused.survivors).toEqual(reluTrace().survivors);
  });

  it('leaves what only looks like it: another threshold, or one that differs from step to step', () => {
    expect(fuseOps(reluTrace(0.5), () => true).ops[6]?.name).toBe('Mul');
    for (const changing of [0, 1, 2]) {
      expect(fuseOps(reluTrace(), (index) => index !== changing).ops[6]?.name).toBe('Mul');
    }
  });

  it('takes the gradient of leaky ReLU, its slope an attribute', () => {
    const trace: Trace = {
      ...reluTrace(),
      constants: [numbers(0), numbers(0.25)],
      ops: [
        op('Greater', [input(0), constant(0)]),
        op('Mul', [input(1), constant(1)]),
        op('Select', [result(0), input(1), result(1)]),
      ],
      survivors: [result(2)],
    };
    const [fused] = fuseOps(trace, () => true).ops.slice(-1);
    expect(fused).toMatchObject({ name: 'LeakyReluGrad', inputs: [input(1), input(0)] });
    expect(fused?.attrs).toContainEqual(expect.objectContaining({ name: 'alpha', value: 0.25 }));
  });

  it('adds a vector to a convolution as a bias only along the channels', () => {
    const added = (shape: number[]) => {
      const layout = { shape, dtype: FLOAT32 };
      const trace: Trace = {
        inputs: [
          { key: 'x', layout },
          { key: 'b', layout },
        ],
        constants: [],
        ops: [
          op('Conv2D', [input(0), input(0)], [1, 4, 4, 3]),
          op('Add', [result(0), input(1)], [1, 4, 4, 3]),
        ],
        survivors: [result(1)],
      };
      return fuseOps(trace, () => true).ops[1]?.name;
    };
    expect([added([3]), added([1]), added([4, 1])]).toEqual(['BiasAdd', 'Add', 'Add']);
  });

  it('multiplies matrices as matrices, transposed or not, and not batches of them', () => {
    const product = (batch: number) => {
      const layout = { shape: [batch, 2, 2], dtype: FLOAT32 };
      const trace: Trace = {
        inputs: ['a', 'b'].map((key) => ({ key, layout })),
        constants: [],
        ops: [
          {
            ...op('BatchMatMulV2', [input(0), input(1)], layout.shape),
            attrs: [{ name: 'adj_y', type: 1, value: true }],
          },
        ],
        survivors: [result(0)],
      };
      return fuseOps(trace, () => true);
    };
    expect(product(2).ops[0]?.name).toBe('BatchMatMulV2');
    const { ops } = product(1);
    expect(ops[0]).toMatchObject({ name: 'Reshape', outputs: [{ shape: [1, 2, 2] }] });
    const matMul = ops.find(({ name }) => name === 'MatMul');
    expect(matMul?.attrs).toContainEqual(expect.objectContaining({ name: 'transpose_b', value: true }));
    expect(matMul?.attrs).toContainEqual(expect.objectContaining({ name: 'transpose_a', value: false }));
  });
});

describe.runIf(NATIVE)('a fused step', () => {
  it.each([
    ['relu', () => layers.reLU()],
    ['leaky relu', () => layers.leakyReLU({ alpha: 0.2 })],
  ])('gives the losses and weights of an eager one: %s', async (_, activation) => {
    const student = () =>
      sequential({
        layers: [
          layers.conv2d({ inputShape: [8, 8, 1], filters: 4, kernelSize: 3, ...seeded(1) }),
          activation(),
          layers.conv2d({ filters: 4, kernelSize: 3, ...seeded(2) }),
          activation(),
          layers.flatten(),
          layers.dense({ units: 16, ...seeded(3) }),
          activation(),
          layers.dense({ units: 10, ...seeded(4) }),
        ],
      });
    const report = await agreed(() => ({ student, optimizer: () => train.sgd(0.05) }));
    expect(report.compiled).toBeGreaterThan(44);
  });
});
