import { tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { type ReduceOptions, variationalInformation, variationalInformationLoss } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf, prepare } from './featureRig.js';

describeGolden<ReduceOptions>('vid', ({ teacher, student, rawVariances, weights }, options) =>
  variationalInformationLoss(teacher!, student!, rawVariances!, { ...options, weights }),
);

describe('variationalInformationLoss', () => {
  it('is 2 for the example', async () => {
    const alpha = tensor1d([Math.log(Math.E ** (1 - 1e-5) - 1)]);
    expect(await numberOf(variationalInformationLoss(tensor2d([[3]]), tensor2d([[1]]), alpha))).toBeCloseTo(
      2,
      4,
    );
  });

  it('is least where the variance is the squared error', async () => {
    const of = (variance: number) =>
      numberOf(
        variationalInformationLoss(
          tensor2d([[3]]),
          tensor2d([[1]]),
          tensor1d([Math.log(Math.expm1(variance))]),
        ),
      );
    const [low, best, high] = [await of(3), await of(4), await of(5)];
    expect(best).toBeLessThan(low);
    expect(best).toBeLessThan(high);
  });

  it('has the floor ½ log σ²', async () => {
    const x = tensor2d([[3, 1]]);
    const loss = variationalInformationLoss(
      x,
      x,
      tensor1d(Array<number>(2).fill(Math.log(Math.expm1(5 - 1e-5)))),
    );
    expect(await numberOf(loss)).toBeCloseTo(Math.log(5) / 2, 5);
  });

  it('names shapes that differ', () => {
    const x = normal([2, 3], 1);
    expect(() => variationalInformationLoss(x, x, tensor1d([1]))).toThrow(
      /one variance per channel, got `rawVariances` \[1\] and `teacherFeatures` \[2, 3\]/,
    );
    expect(() => variationalInformationLoss(x, normal([2, 4], 1), tensor1d([1, 1, 1]))).toThrow(
      /createAdapter/,
    );
  });
});

describe('variationalInformation', () => {
  it('starts from σ² 5 and has three convolutions without bias', async () => {
    const shapes = [{ a: [null, 4, 4, 2] }, { b: [null, 8, 8, 3] }] as const;
    const criterion = prepare(variationalInformation({ student: 'a', teacher: 'b' }), ...shapes);
    expect(criterion.variables!.map(({ name, shape }) => [name, shape])).toEqual([
      ['vid/a-b/1/kernel', [2, 3]],
      ['vid/a-b/2/kernel', [3, 3]],
      ['vid/a-b/3/kernel', [3, 3]],
      ['vid/a-b/variance', [3]],
    ]);
    const [raw = NaN] = await criterion.variables![3]!.data();
    expect(Math.log1p(Math.exp(raw)) + 1e-5).toBeCloseTo(5, 5);
    criterion.dispose!();
  });

  it('refuses what it cannot regress', () => {
    const criterion = variationalInformation({ student: 'a', teacher: 'b' });
    expect(() => prepare(criterion, { a: [null, 4] }, { b: [null, 2, 2, 3] })).toThrow(
      /one rank with known channels, got `from` \[null, 4\] and `to` \[null, 2, 2, 3\]/,
    );
    expect(() => variationalInformation({ student: 'a', teacher: 'b', variance: 0 })).toThrow(
      /`variance`.*got 0/,
    );
  });
});
