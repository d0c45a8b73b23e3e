import { einsum, fused, grads, matMul, randomNormal, tensor, type Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectSameOnBothBackends, useWasmKernels } from './onBothBackends.js';

useWasmKernels();

const random = (shape: number[], seed: number) => randomNormal(shape, 0, 1, 'float32', seed);
const stored = (batch: readonly number[], rows: number, columns: number, turned: boolean, seed: number) =>
  random([...batch, ...(turned ? [columns, rows] : [rows, columns])], seed);

describe('a matrix product', () => {
  const size = fc.integer({ min: 1, max: 20 });

  it('equals that of the CPU backend for any sizes, batches and transposed sides', async () => {
    const batch = fc.constantFrom([], [1], [3], [1, 1], [2, 3]);
    const any = fc.record({
      m: size,
      k: size,
      n: size,
      batch,
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(any, ({ m, k, n, batch, transposeA, transposeB }) =>
        expectSameOnBothBackends(() =>
          matMul(
            stored(batch, m, k, transposeA, 1),
            stored(batch, k, n, transposeB, 2),
            transposeA,
            transposeB,
          ),
        ),
      ),
      { numRuns: 100 },
    );
  });

  it.each([
    ['wide, a transposed', [], 64, 256, 40, true, false],
    ['wide, b transposed', [], 40, 256, 128, false, true],
    ['tall, both transposed', [], 300, 20, 128, true, true],
    ['a large batch of large matrices', [5], 40, 50, 60, false, false],
    ['a large batch, a transposed', [5], 40, 50, 60, true, false],
    ['a large batch, b transposed', [5], 40, 50, 60, false, true],
    ['a batch of two axes', [2, 3], 40, 50, 60, true, true],
    ['columns of 512 bytes and more', [], 128, 128, 128, true, true],
  ] as const)('equals that of the CPU backend: %s', async (_, batch, m, k, n, transposeA, transposeB) => {
    await expectSameOnBothBackends(() =>
      matMul(stored(batch, m, k, transposeA, 1), stored(batch, k, n, transposeB, 2), transposeA, transposeB),
    );
  });

  it('of nothing is zero', async () => {
    await expectSameOnBothBackends(() => matMul(random([0, 3], 1), random([0, 4], 2), true));
  });

  it.each([
    [[1], [4]],
    [[4], [1]],
    [
      [2, 1],
      [2, 3],
    ],
    [[], [3]],
  ])('repeats a batch of %j for a batch of %j', async (batchA, batchB) => {
    await expectSameOnBothBackends(() =>
      matMul(random([...batchA, 40, 50], 1), random([...batchB, 50, 60], 2)),
    );
  });

  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('has the gradients of the CPU backend (transposed: %s, %s)', async (transposeA, transposeB) => {
    await expectSameOnBothBackends(() => {
      const product = (a: Tensor, b: Tensor) => matMul(a, b, transposeA, transposeB);
      return grads(product)(
        [stored([], 9, 70, transposeA, 1), stored([], 70, 5, transposeB, 2)],
        random([9, 5], 3),
      );
    });
  });
});

describe('a fused product', () => {
  const ACTIVATIONS = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const;

  it.each(ACTIVATIONS)('equals that of the CPU backend for more than 48 terms: %s', async (activation) => {
    for (const [batch, transposeA, transposeB] of [
      [[], false, false],
      [[], false, true],
      [[], true, false],
      [[3], false, false],
    ] as const) {
      await expectSameOnBothBackends(() =>
        fused.matMul({
          a: stored(batch, 4, 100, transposeA, 1),
          b: stored(batch, 100, 5, transposeB, 2),
          transposeA,
          transposeB,
          bias: random([5], 3),
          activation,
          leakyreluAlpha: 0.3,
          ...(activation === 'prelu' && { preluActivationWeights: random([5], 4) }),
        }),
      );
    }
  });

  it('has the gradients of the CPU backend', async () => {
    await expectSameOnBothBackends(() =>
      grads((a: Tensor, b: Tensor, bias: Tensor) => fused.matMul({ a, b, bias }))(
        [random([9, 70], 1), random([70, 5], 2), random([5], 3)],
        random([9, 5], 4),
      ),
    );
  });
});

describe('an Einstein summation', () => {
  const SIZES: Record<string, number> = { b: 2, i: 3, j: 4, k: 5, l: 2 };
  const shapeOf = (labels: string) => [...labels].map((label) => SIZES[label]!);

  it.each([
    'ij,jk->ik',
    'ij,kj->ki',
    'bij,bjk->bik',
    'bij,bkj->bki',
    'bijk,bljk->bil',
    'ij->ji',
    'ij->i',
    'ij->',
    'i,j->ij',
    'i,i->',
    'i,i->i',
    'ijk,k->ij',
    'bijk,bkl->jbil',
    'ij,ij->j',
  ])('equals that of the CPU backend: %s', async (equation) => {
    await expectSameOnBothBackends(() =>
      einsum(
        equation,
        ...equation
          .split('->')[0]!
          .split(',')
          .map((labels, i) => random(shapeOf(labels), i + 1)),
      ),
    );
  });

  it('sums what only one side has', async () => {
    const sums = einsum('ij,k->j', tensor([1, 2, 3, 4], [2, 2]), tensor([10, 1]));
    expect([...(await sums.data())]).toEqual([44, 66]);
  });
});
