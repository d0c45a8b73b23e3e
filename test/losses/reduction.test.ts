import { tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { reduce, type Reduction } from '@tfjs-distill/losses';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { number, numbers } from './read.js';

describe('reduce', () => {
  it('gives the value of its example', async () => {
    expect(await number(reduce(tensor1d([1, 3]), { reduction: 'batchMean' }, 10))).toBe(2);
  });

  it('has sum = batchMean · samples = mean · samples · classes', async () => {
    const values = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(values, fc.integer({ min: 2, max: 9 }), async (list, classes) => {
        const by = (reduction: Reduction) => number(reduce(tensor1d(list), { reduction }, classes));
        const sum = await by('sum');
        expect((await by('batchMean')) * list.length).toBeCloseTo(sum, 3);
        expect((await by('mean')) * list.length * classes).toBeCloseTo(sum, 3);
      }),
      { numRuns: 30 },
    );
  });

  it('divides by the weights, not by the samples', async () => {
    const weights = tensor2d([[1, 0.5, 0]]);
    const values = tensor2d([[2, 4, 100]]);
    expect(await number(reduce(values, { weights }, 2))).toBeCloseTo(4 / 1.5, 6);
    expect(await number(reduce(values, { weights, reduction: 'sum' }, 2))).toBe(4);
    expect(await numbers(reduce(values, { weights, reduction: 'none' }, 2))).toEqual([2, 2, 0]);
  });

  it('is 0 where all weights are 0', async () => {
    expect(await number(reduce(tensor1d([1, 3]), { weights: tensor1d([0, 0]) }, 2))).toBe(0);
  });
});
