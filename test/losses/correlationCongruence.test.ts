import { tensor2d } from '@tensorflow/tfjs-core';
import {
  correlationCongruence,
  correlationCongruenceLoss,
  type CorrelationCongruenceOptions,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf } from './featureRig.js';

describeGolden<CorrelationCongruenceOptions>('cc', ({ teacher, student, weights }, options) =>
  correlationCongruenceLoss(teacher!, student!, { ...options, weights }),
);

describe('correlationCongruenceLoss', () => {
  const [teacher, student] = [
    () =>
      tensor2d([
        [1, 0],
        [0, 1],
      ]),
    () => tensor2d([[1], [1]]),
  ];

  it('is 0.5 for the example', async () => {
    const loss = correlationCongruenceLoss(teacher(), student(), { kernel: 'bilinear' });
    expect(await numberOf(loss)).toBeCloseTo(0.5, 6);
  });

  it('tends to the Gaussian kernel as the order grows', async () => {
    const gamma = 0.7;
    const exact = (Math.exp(-gamma * 2) - Math.exp(0)) ** 2 / 2; // ‖x − y‖² is 2 and 0
    const loss = correlationCongruenceLoss(teacher(), student(), { gamma, order: 12 });
    expect(await numberOf(loss)).toBeCloseTo(exact, 5);
  });

  it('refuses options out of range and batches that differ', () => {
    const x = normal([2, 3], 1);
    expect(() => correlationCongruenceLoss(x, x, { gamma: 0 })).toThrow(
      /`gamma` to be a number above 0, got 0/,
    );
    expect(() => correlationCongruenceLoss(x, x, { order: 1.5 })).toThrow(/`order` to be a whole number/);
    expect(() => correlationCongruenceLoss(x, normal([3, 3], 1))).toThrow(/\[2, 3\].*\[3, 3\]/);
  });
});

describe('correlationCongruence', () => {
  it('refuses options out of range', () => {
    const layers = { student: 'a', teacher: 'a' };
    expect(() => correlationCongruence({ ...layers, order: 0 })).toThrow(/`order`.*got 0/);
    expect(() => correlationCongruence({ ...layers, kernel: 'poly' as never })).toThrow(/"rbf", "bilinear"/);
  });
});
