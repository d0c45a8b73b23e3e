import {
  div,
  matMul,
  mean,
  norm,
  type Scalar,
  square,
  sub,
  type Tensor,
  tensor2d,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { type RelationOptions, similarityPreserving, similarityPreservingLoss } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { expectSame, normal, numberOf } from './featureRig.js';

describeGolden<RelationOptions>('sp', ({ teacher, student, weights }, options) =>
  similarityPreservingLoss(teacher!, student!, { ...options, weights }),
);

const similarity = (x: Tensor): Tensor => {
  const gram = matMul(x as Tensor2D, x as Tensor2D, false, true);
  return div(gram, norm(gram, 'euclidean', 1, true));
};

describe('similarityPreservingLoss', () => {
  it('is 0.3964 for the example', async () => {
    const loss = similarityPreservingLoss(tensor2d([[1], [1]]), tensor2d([[1], [0]]));
    expect(await numberOf(loss)).toBeCloseTo(0.3964, 4);
  });

  it('equals its composition of kernels', async () => {
    const [teacher, student] = [normal([6, 8], 1), normal([6, 5], 2)];
    await expectSame(
      (x) => similarityPreservingLoss(teacher, x),
      (x) => mean<Scalar>(square(sub(similarity(x), similarity(teacher)))),
      student,
    );
  });

  it('divides by the pairs unless the sum is asked for', async () => {
    const [teacher, student] = [normal([6, 8], 1), normal([6, 5], 2)];
    const mean = await numberOf(similarityPreservingLoss(teacher, student));
    const sum = await numberOf(similarityPreservingLoss(teacher, student, { reduction: 'sum' }));
    expect(sum / mean).toBeCloseTo(36, 3);
  });

  it('is 0 for a batch of one', async () => {
    expect(await numberOf(similarityPreservingLoss(normal([1, 4], 1), normal([1, 3], 2)))).toBeCloseTo(0, 6);
  });

  it('names both shapes where samples differ', () => {
    expect(() => similarityPreservingLoss(normal([2, 4], 1), normal([3, 4], 2))).toThrow(
      /as many samples, got `teacherFeatures` \[2, 4\] and `studentFeatures` \[3, 4\]/,
    );
  });
});

describe('similarityPreserving', () => {
  it('says that it compares the samples of a batch', () => {
    expect(similarityPreserving({ student: 'a', teacher: 'a' }).coupled).toBe(true);
  });
});
