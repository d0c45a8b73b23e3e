import { randomNormal, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import {
  weightedSoftLabels,
  weightedSoftLabelsLoss,
  type WeightedSoftLabelsOptions,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { number, numbers } from './read.js';
import { describeRefusals } from './refusals.js';

describeGolden<WeightedSoftLabelsOptions>('wsld', ({ teacher, student, labels, weights }, options) =>
  weightedSoftLabelsLoss(teacher!, student!, labels!, { ...options, weights }),
);

const classes = (...numbers: number[]) => tensor1d(numbers, 'int32');

describeRefusals(
  'weightedSoftLabelsLoss',
  (t, s, weights) => weightedSoftLabelsLoss(t, s, classes(0, 1), { weights }),
  weightedSoftLabels,
  [[{ temperature: 0 }, /`temperature` to be a number above 0/]],
);

describe('weightedSoftLabelsLoss', () => {
  it('gives the value of its example', async () => {
    const zeros = tensor2d([[0, 0]]);
    const loss = weightedSoftLabelsLoss(zeros, zeros, classes(0), { temperature: 1 });
    expect(await number(loss)).toBeCloseTo(0.4382, 4);
  });

  it('weighs a sample more, the farther the student is behind the teacher there', async () => {
    const student = tensor2d([
      [0, 1],
      [0, 1],
    ]);
    const teacher = tensor2d([
      [4, 0],
      [0, 1],
    ]);
    const each = weightedSoftLabelsLoss(teacher, student, classes(0, 0), { reduction: 'none' });
    const [behind = NaN, level = NaN] = await numbers(each);
    expect(behind).toBeGreaterThan(level);
  });

  it('leaves out samples without a label', async () => {
    const [teacher, student] = [1, 2].map((seed) => randomNormal([2, 4], 0, 1, 'float32', seed));
    const each = weightedSoftLabelsLoss(teacher!, student!, classes(1, 2), { reduction: 'none' });
    const loss = weightedSoftLabelsLoss(teacher!, student!, classes(1, -1));
    expect(await number(loss)).toBeCloseTo((await numbers(each))[0]!, 5);
  });

  it('takes the authors’ weight by default', () => {
    expect(weightedSoftLabels()).toMatchObject({ weight: 2.5 });
  });
});
