import { add, concat, mul, ones, tensor1d, tensor2d, zeros } from '@tensorflow/tfjs-core';
import { pearsonFeature, pearsonFeatureLoss, type PearsonFeatureOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf, valueAndGradient } from './featureRig.js';

describeGolden<PearsonFeatureOptions>('pearson', ({ teacher, student, weights }, options) =>
  pearsonFeatureLoss(teacher!, student!, { ...options, weights }),
);

describe('pearsonFeatureLoss', () => {
  it('is 1 for the example', async () => {
    const loss = pearsonFeatureLoss(tensor2d([[0], [2]]), tensor2d([[5], [1]]));
    expect(await numberOf(loss)).toBeCloseTo(1, 4);
  });

  it('does not see a channel’s scale and offset', async () => {
    const [t, s] = [normal([3, 4, 4, 2], 1), normal([3, 4, 4, 2], 2)];
    const value = await numberOf(pearsonFeatureLoss(t, s));
    const other = add(mul(s, tensor1d([3, 100])), tensor1d([-5, 1]));
    expect(await numberOf(pearsonFeatureLoss(t, other))).toBeCloseTo(value, 4);
  });

  it('is 2 (n − 1) / n for opposite features', async () => {
    const t = normal([8, 3], 1);
    expect(await numberOf(pearsonFeatureLoss(t, mul(t, -1)))).toBeCloseTo((2 * 7) / 8, 4);
  });

  it.each([0, 0.1, 1e4])('gives a channel that is %d everywhere no gradient', async (level) => {
    const dead = concat([normal([3, 2, 2, 1], 1), add(zeros([3, 2, 2, 1]), level)], 3);
    const { gradient } = await valueAndGradient((x) => pearsonFeatureLoss(normal([3, 2, 2, 2], 2), x), dead);
    expect(gradient.filter((x, i) => i % 2 === 1 && x !== 0)).toEqual([]);
    expect(gradient.some((x) => x !== 0)).toBe(true);
  });

  it('names shapes that differ, and what mends them', () => {
    expect(() => pearsonFeatureLoss(ones([2, 4, 4, 3]), ones([2, 2, 2, 3]))).toThrow(
      /linear resizing to 4×4/,
    );
  });
});

describe('pearsonFeature', () => {
  it('refuses lists of different length', () => {
    expect(() => pearsonFeature({ student: ['a', 'b'], teacher: 'a' })).toThrow(/as many student layers/);
  });
});
