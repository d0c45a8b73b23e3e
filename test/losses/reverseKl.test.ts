import { randomNormal, tensor2d } from '@tensorflow/tfjs-core';
import { kdLoss, reverseKl, reverseKlLoss, type ReverseKlOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { number } from './read.js';
import { describeRefusals } from './refusals.js';

describeGolden<ReverseKlOptions>('reverse-kl', ({ teacher, student, weights }, options) =>
  reverseKlLoss(teacher!, student!, { ...options, weights }),
);

describeRefusals('reverseKlLoss', (t, s, weights) => reverseKlLoss(t, s, { weights }), reverseKl, [
  [{ temperature: 0 }, /`temperature` to be a number above 0/],
]);

describe('reverseKlLoss', () => {
  it('gives the value of its example', async () => {
    const loss = reverseKlLoss(tensor2d([[0, 0]]), tensor2d([[0, Math.log(3)]]));
    expect(await number(loss)).toBeCloseTo(0.1308, 4);
  });

  it('is the forward divergence with both sides exchanged', async () => {
    const [a, b] = [1, 2].map((seed) => randomNormal([4, 5], 0, 2, 'float32', seed));
    const reverse = await number(reverseKlLoss(a!, b!, { temperature: 3 }));
    expect(reverse).toBeCloseTo(await number(kdLoss(b!, a!, { temperature: 3 })), 5);
  });
});
