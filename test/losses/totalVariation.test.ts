import { tensor2d } from '@tensorflow/tfjs-core';
import { totalVariation, totalVariationLoss, type TotalVariationOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { number } from './read.js';
import { describeRefusals } from './refusals.js';

describeGolden<TotalVariationOptions>('tvd', ({ teacher, student, weights }, options) =>
  totalVariationLoss(teacher!, student!, { ...options, weights }),
);

describeRefusals(
  'totalVariationLoss',
  (t, s, weights) => totalVariationLoss(t, s, { weights }),
  totalVariation,
  [[{ temperature: 0 }, /`temperature` to be a number above 0/]],
);

describe('totalVariationLoss', () => {
  it('gives the value of its example', async () => {
    const loss = totalVariationLoss(tensor2d([[0, 0]]), tensor2d([[0, Math.log(3)]]));
    expect(await number(loss)).toBeCloseTo(0.25, 6);
  });

  it('is 1 for opposite certainties', async () => {
    expect(await number(totalVariationLoss(tensor2d([[99, -99]]), tensor2d([[-99, 99]])))).toBeCloseTo(1, 6);
  });
});
