import { grad, mul, randomNormal, sum, tensor3d, tensor4d } from '@tensorflow/tfjs-core';
import { adaptiveAveragePool, linearResize } from '@tfjs-distill/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** PyTorch's definition, number by number. */
function pooled(rows: number[], size: number): number[] {
  return Array.from({ length: size }, (_, i) => {
    const bin = rows.slice(Math.floor((i * rows.length) / size), Math.ceil(((i + 1) * rows.length) / size));
    return bin.reduce((total, value) => total + value, 0) / bin.length;
  });
}

const sequence = (values: number[]) => tensor3d([values.map((value) => [value])]);
const near = (got: readonly number[], wanted: readonly number[]) => {
  expect(got).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) expect(got[i]).toBeCloseTo(value, 4);
};

describe('adaptiveAveragePool', () => {
  it('averages the bins that PyTorch averages, for any two sizes', async () => {
    const values = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(values, fc.integer({ min: 1, max: 12 }), async (rows, size) => {
        near([...(await adaptiveAveragePool(sequence(rows), [size]).data())], pooled(rows, size));
      }),
      { numRuns: 40 },
    );
  });

  it('pools height and width each by its own ratio', async () => {
    const x = tensor4d([1, 2, 3, 4, 5, 6], [1, 2, 3, 1]);
    const y = adaptiveAveragePool(x, [1, 2]);
    expect(y.shape).toEqual([1, 1, 2, 1]);
    near([...(await y.data())], [3, 4]);
  });

  it('spreads the gradient over each bin', async () => {
    const weights = sequence([1, 10]);
    const gradient = grad((x) => sum(mul(adaptiveAveragePool(x, [2]), weights)))(sequence([1, 2, 3]));
    near([...(await gradient.data())], [0.5, 5.5, 5]);
  });

  it('gives a tensor of its own where nothing changes', () => {
    const x = randomNormal([1, 2, 2, 1]);
    const y = adaptiveAveragePool(x, [2, 2]);
    y.dispose();
    expect(x.isDisposed).toBe(false);
  });

  it('wants a size for each axis', () => {
    expect(() => adaptiveAveragePool(sequence([1]), [1, 1])).toThrow(/`x` \[1, 1, 1\] and `sizes` \[1, 1\]/);
  });
});

describe('linearResize', () => {
  it('takes half-pixel centres, clamped at the ends', async () => {
    near([...(await linearResize(sequence([0, 4]), [4]).data())], [0, 1, 3, 4]);
    near([...(await linearResize(sequence([0, 1, 2, 3]), [2]).data())], [0.5, 2.5]);
  });

  it('keeps a constant map constant, and its gradient sums to the number of outputs', async () => {
    const x = mul(tensor4d(Array<number>(9).fill(1), [1, 3, 3, 1]), 7);
    near([...(await linearResize(x, [5, 4]).data())], Array<number>(20).fill(7));
    const gradient = grad((map) => sum(linearResize(map, [5, 4])))(x);
    near([...(await sum(gradient).data())], [20]);
  });

  it('wants a size for each axis', () => {
    expect(() => linearResize(sequence([1]), [])).toThrow(/as many sizes as axes/);
  });
});
