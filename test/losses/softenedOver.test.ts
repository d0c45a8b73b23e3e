import { sub, sum, tensor2d } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { softened } from '../../packages/losses/src/softened.js';
import { softenedOver } from '../../packages/losses/src/softenedOver.js';
import { number, numbers } from './read.js';

describe('softened', () => {
  it('gives the values of its example', async () => {
    const [a = NaN, b = NaN] = await numbers(softened(tensor2d([[0, Math.log(9)]]), 2).probs);
    expect(a).toBeCloseTo(0.25, 6);
    expect(b).toBeCloseTo(0.75, 6);
  });

  it('has log-probabilities that are exact where probabilities vanish', async () => {
    const [a = NaN, b = NaN] = await numbers(softened(tensor2d([[0, -5000]])).logProbs);
    expect(a).toBeCloseTo(0, 6);
    expect(b).toBe(-5000);
  });
});

describe('softenedOver', () => {
  it('gives the values of its example', async () => {
    const { probs, logSumExp } = softenedOver(tensor2d([[5, 0, 0]]), tensor2d([[0, 1, 1]]));
    expect(await numbers(probs)).toEqual([0, 0.5, 0.5]);
    expect(await number(logSumExp)).toBeCloseTo(Math.LN2, 6);
  });

  it('is the softmax where every class is kept', async () => {
    const logits = tensor2d([[1, -2, 3]]);
    const all = softenedOver(logits, tensor2d([[1, 1, 1]]));
    expect(await number(sum(sub(all.probs, softened(logits).probs)))).toBeCloseTo(0, 6);
  });

  it('is not disturbed by what is left out, however large', async () => {
    const { probs, logSumExp } = softenedOver(tensor2d([[1e30, 2, 2]]), tensor2d([[0, 1, 1]]));
    expect(await numbers(probs)).toEqual([0, 0.5, 0.5]);
    expect(await number(logSumExp)).toBeCloseTo(2 + Math.LN2, 6);
  });

  it('is finite where no class is kept', async () => {
    const { probs, logSumExp } = softenedOver(tensor2d([[1, 2]]), tensor2d([[0, 0]]));
    expect(await numbers(probs)).toEqual([0, 0]);
    expect(Number.isFinite(await number(logSumExp))).toBe(true);
  });
});
