import { randomNormal, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { prepareCompression } from '@tfjs-distill/core';
import { virtualTeacher, virtualTeacherLoss, type VirtualTeacherOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { mlp, problem } from '../fixtures/models.js';
import { describeGolden } from '../parity/golden.js';
import { number } from './read.js';

describeGolden<VirtualTeacherOptions>('tf-kd', ({ student, labels, weights }, options) =>
  virtualTeacherLoss(student!, labels!, { ...options, weights }),
);

const classes = (...numbers: number[]) => tensor1d(numbers, 'int32');
const logits = (seed: number, shape = [2, 4]) => randomNormal(shape, 0, 3, 'float32', seed);

describe('virtualTeacherLoss', () => {
  it('gives the value of its example', async () => {
    const options = { correctProbability: 0.9, temperature: 1 };
    expect(await number(virtualTeacherLoss(tensor2d([[0, 0]]), classes(0), options))).toBeCloseTo(0.3681, 4);
  });

  it('is 0 for a student that says what the virtual teacher says', async () => {
    const student = tensor2d([[Math.log(0.9), Math.log(0.05), Math.log(0.05)]]);
    expect(await number(virtualTeacherLoss(student, classes(0), { correctProbability: 0.9 }))).toBeCloseTo(
      0,
      4,
    );
  });

  it.each([0.25, 1, 1.5, NaN])('refuses %d as the probability of the true class of four', (a) => {
    expect(() => virtualTeacherLoss(logits(1), classes(0, 1), { correctProbability: a })).toThrow(
      /`correctProbability` to be above 1\/4 and below 1/,
    );
  });

  it('names labels that do not fit', () => {
    expect(() => virtualTeacherLoss(logits(1), classes(0))).toThrow(
      /got `labels` \[1\] and `logits` \[2, 4\]/,
    );
  });
});

describe('virtualTeacher', () => {
  it('trains without a teacher', async () => {
    const student = mlp(4, 1);
    const manager = prepareCompression(student, { criterion: virtualTeacher() });
    await manager.trainStep(problem(8));
    manager.dispose();
    student.dispose();
  });

  it.each([
    [{ correctProbability: 0 }, /`correctProbability` to be a number above 0/],
    [{ temperature: 0 }, /`temperature` to be a number above 0/],
  ])('refuses %j', (options, message) => {
    expect(() => virtualTeacher(options)).toThrow(message);
  });
});
