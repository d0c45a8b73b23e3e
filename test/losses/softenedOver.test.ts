import { sub, sum, tensor2d } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { logSumExpBetween, logSumExpOf, softened } from '../../packages/losses/src/softened.js';
import { softenedOver } from '../../packages/losses/src/softenedOver.js';
import { number, numbers } from './read.js';

describe('softened', () => {
  it('gives the values of its example', async () => {
    const [a = NaN, b = NaN] = await numbers(softened(tensor2d([[0, Math.log(3)]])).probs);
    expect(a).toBeCloseTo(0.25, 6);
    expect(b).toBeCloseTo(0.75, 6);
  });

  it('gives log-probabilities that are exact where probabilities vanish', async () => {
    const logits = tensor2d([[0, -5000]]);
    const [a = NaN, b = NaN] = await numbers(sub(logits, logSumExpOf(softened(logits))));
    expect(a).toBeCloseTo(0, 6);
    expect(b).toBe(-5000);
  });

  it('has no difference at all between equal ones', async () => {
    const side = () => softened(tensor2d([[1e4, 3, -7]]));
    expect(await number(logSumExpBetween(side(), side()))).toBe(0);
  });
});

describe('softenedOver', () => {
  it('gives the values of its example', async () => {
    const part = softenedOver(tensor2d([[5, 0, 0]]), tensor2d([[0, 1, 1]]));
    expect(await numbers(part.probs)).toEqual([0, 0.5, 0.5]);
    expect(await number(logSumExpOf(part))).toBeCloseTo(Math.LN2, 6);
  });

  it('is the softmax where every class is kept', async () => {
    const logits = tensor2d([[1, -2, 3]]);
    const all = softenedOver(logits, tensor2d([[1, 1, 1]]));
    expect(await number(sum(sub(all.probs, softened(logits).probs)))).toBeCloseTo(0, 6);
  });

  it('is not disturbed by what is left out, however large', async () => {
    const part = softenedOver(tensor2d([[1e30, 2, 2]]), tensor2d([[0, 1, 1]]));
    expect(await numbers(part.probs)).toEqual([0, 0.5, 0.5]);
    expect(await number(logSumExpOf(part))).toBeCloseTo(2 + Math.LN2, 6);
  });

  it('is finite where no class is kept', async () => {
    const none = softenedOver(tensor2d([[1, 2]]), tensor2d([[0, 0]]));
    expect(await numbers(none.probs)).toEqual([0, 0]);
    expect(Number.isFinite(await number(logSumExpOf(none)))).toBe(true);
  });
});
