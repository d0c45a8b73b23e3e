import { add, tensor2d } from '@tensorflow/tfjs-core';
import { logitsMse, logitsMseLoss, type LogitsMseOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { number } from './read.js';
import { describeRefusals } from './refusals.js';

describeGolden<LogitsMseOptions>('logits-mse', ({ teacher, student, weights }, options) =>
  logitsMseLoss(teacher!, student!, { ...options, weights }),
);

describeRefusals('logitsMseLoss', (t, s, weights) => logitsMseLoss(t, s, { weights }), logitsMse, [
  [{ centred: 1 }, /`centred` to be true or false, got 1/],
  [{ weight: -1 }, /`weight` to be a number at least 0/],
]);

describe('logitsMseLoss', () => {
  const [teacher, student] = [() => tensor2d([[0, 2]]), () => tensor2d([[2, 2]])];

  it('gives the values of its example', async () => {
    expect(await number(logitsMseLoss(teacher(), student()))).toBeCloseTo(2, 6);
    expect(await number(logitsMseLoss(teacher(), student(), { centred: true }))).toBeCloseTo(1, 6);
  });

  it('does not see a constant added to all classes where it is centred', async () => {
    const moved = logitsMseLoss(teacher(), add(student(), 100), { centred: true });
    expect(await number(moved)).toBeCloseTo(1, 4);
  });
});
