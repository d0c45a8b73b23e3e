import { add, mul, randomNormal, tensor2d } from '@tensorflow/tfjs-core';
import { standardizedKd, standardizedKdLoss, type StandardizedKdOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { number } from './read.js';
import { describeRefusals } from './refusals.js';

describeGolden<StandardizedKdOptions>('standardized-kd', ({ teacher, student, weights }, options) =>
  standardizedKdLoss(teacher!, student!, { ...options, weights }),
);

describeRefusals(
  'standardizedKdLoss',
  (t, s, weights) => standardizedKdLoss(t, s, { weights }),
  standardizedKd,
  [
    [{ temperature: 0 }, /`temperature` to be a number above 0/],
    [{ taskWeight: -1 }, /`taskWeight` to be a number at least 0/],
  ],
);

const logits = (seed: number, shape = [4, 6]) => randomNormal(shape, 0, 3, 'float32', seed);

describe('standardizedKdLoss', () => {
  it('gives the value of its example', async () => {
    const loss = standardizedKdLoss(tensor2d([[0, 1, 2]]), tensor2d([[10, 30, 50]]));
    expect(await number(loss)).toBeCloseTo(0, 5);
  });

  it('does not see the student’s location and scale', async () => {
    const [teacher, student] = [logits(1), logits(2)];
    const loss = await number(standardizedKdLoss(teacher, student));
    const moved = standardizedKdLoss(teacher, add(mul(student, 7), 20));
    expect(await number(moved)).toBeCloseTo(loss, 4);
  });

  it('refuses two classes, of which only the sign would be left', () => {
    expect(() => standardizedKdLoss(logits(1, [1, 2]), logits(2, [1, 2]))).toThrow(
      /`classes` to be at least 3, got 2/,
    );
  });

  it('takes the authors’ weights by default: 9 beside 0.1 of the task', () => {
    expect(standardizedKd()).toMatchObject({ weight: 9, taskWeight: 0.1 });
  });
});
