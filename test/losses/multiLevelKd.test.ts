import { randomNormal, reshape, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { kdLoss, multiLevelKd, multiLevelKdLoss, type MultiLevelKdOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { number } from './read.js';
import { describeRefusals } from './refusals.js';

describeGolden<MultiLevelKdOptions>('mlkd', ({ teacher, student }, options) =>
  multiLevelKdLoss(teacher!, student!, options),
);

describeRefusals('multiLevelKdLoss', (t, s, weights) => multiLevelKdLoss(t, s, { weights }), multiLevelKd, [
  [{ temperatures: [] }, /`temperatures` to be a list of at least 1/],
  [{ temperatures: [4, 0] }, /`temperatures.1` to be a number above 0, got 0/],
  [{ batch: -1 }, /`batch` to be a number at least 0/],
]);

const logits = (seed: number, shape = [4, 6]) => randomNormal(shape, 0, 3, 'float32', seed);

describe('multiLevelKdLoss', () => {
  it('gives the value of its example', async () => {
    const far = [tensor2d([[99, 0]]), tensor2d([[0, 99]])] as const;
    expect(await number(multiLevelKdLoss(...far, { temperatures: [1], instance: 0 }))).toBeCloseTo(1, 5);
  });

  it('adds up kdLoss over its temperatures without the relations', async () => {
    const [teacher, student] = [logits(1), logits(2)];
    const options = { temperatures: [2, 5], batch: 0, classes: 0 };
    const [two, five] = [2, 5].map((temperature) => kdLoss(teacher, student, { temperature }));
    const sum = (await number(two!)) + (await number(five!));
    expect(await number(multiLevelKdLoss(teacher, student, options))).toBeCloseTo(sum, 4);
  });

  it('takes every position of a sequence as a sample', async () => {
    const [teacher, student] = [logits(1, [2, 2, 5]), logits(2, [2, 2, 5])];
    const flat = multiLevelKdLoss(reshape(teacher, [4, 5]), reshape(student, [4, 5]));
    expect(await number(multiLevelKdLoss(teacher, student))).toBeCloseTo(await number(flat), 5);
  });

  it.each([{ temperatures: [NaN] }, { instance: -1 }])('refuses %j', (options) => {
    const weights = tensor1d([1, 1, 1, 1]);
    expect(() => multiLevelKdLoss(logits(1), logits(2), { ...options, weights })).toThrow(/to be a number/);
  });
});
