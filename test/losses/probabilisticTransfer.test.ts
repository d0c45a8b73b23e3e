import { mul, tensor2d } from '@tensorflow/tfjs-core';
import { probabilisticTransfer, probabilisticTransferLoss, type RelationOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf } from './featureRig.js';

describeGolden<RelationOptions>('pkt', ({ teacher, student, weights }, options) =>
  probabilisticTransferLoss(teacher!, student!, { ...options, weights }),
);

describe('probabilisticTransferLoss', () => {
  it('is 0.0283 for the example', async () => {
    const [teacher, student] = [
      tensor2d([
        [1, 0],
        [0, 1],
      ]),
      tensor2d([[1], [1]]),
    ];
    expect(await numberOf(probabilisticTransferLoss(teacher, student))).toBeCloseTo(0.0283, 4);
  });

  it('does not mind the lengths of the vectors', async () => {
    const [teacher, student] = [normal([5, 4], 1), normal([5, 3], 2)];
    const value = await numberOf(probabilisticTransferLoss(teacher, student));
    expect(await numberOf(probabilisticTransferLoss(mul(teacher, 9), mul(student, 0.1)))).toBeCloseTo(
      value,
      6,
    );
  });

  it('names both shapes where samples differ', () => {
    expect(() => probabilisticTransferLoss(normal([2, 4], 1), normal([3, 4], 2))).toThrow(
      /as many samples, got `teacherFeatures` \[2, 4\]/,
    );
  });
});

describe('probabilisticTransfer', () => {
  it('compares the samples of a batch, with the weight that the mean over pairs wants', () => {
    const { coupled, weight } = probabilisticTransfer({ student: 'pool', teacher: 'pool' });
    expect({ coupled, weight }).toEqual({ coupled: true, weight: 30000 });
  });
});
