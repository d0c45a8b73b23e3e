import { mul, ones, tensor2d, tensor3d } from '@tensorflow/tfjs-core';
import { prepareCompression } from '@tfjs-distill/core';
import { cosineHidden, cosineHiddenLoss, type CosineHiddenOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { mlp, problem } from '../fixtures/models.js';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf } from './featureRig.js';

describeGolden<CosineHiddenOptions>('cosine', ({ teacher, student, weights }, options) =>
  cosineHiddenLoss(teacher!, student!, { ...options, weights }),
);

describe('cosineHiddenLoss', () => {
  it('is 0.4 for the example', async () => {
    expect(await numberOf(cosineHiddenLoss(tensor2d([[1, 0]]), tensor2d([[3, 4]])))).toBeCloseTo(0.4, 6);
  });

  it('is 2 for opposite vectors and does not mind their length', async () => {
    const x = normal([3, 5], 1);
    expect(await numberOf(cosineHiddenLoss(x, mul(x, -7)))).toBeCloseTo(2, 5);
    expect(await numberOf(cosineHiddenLoss(x, mul(x, 7)))).toBeCloseTo(0, 5);
  });

  it('averages neighbours of the longer vector, on either side', async () => {
    const [long, short] = [tensor2d([[1, 3, -2, 0]]), tensor2d([[2, -1]])];
    expect(await numberOf(cosineHiddenLoss(long, short))).toBeCloseTo(0, 5);
    expect(await numberOf(cosineHiddenLoss(short, long))).toBeCloseTo(0, 5);
  });

  it('looks at each token, leaving out the padding', async () => {
    const teacher = tensor3d([
      [
        [1, 0],
        [0, 1],
        [9, 9],
      ],
    ]);
    const student = tensor3d([
      [
        [1, 0],
        [1, 0],
        [-9, NaN],
      ],
    ]);
    const loss = cosineHiddenLoss(teacher, student, { over: 'position', weights: tensor2d([[1, 1, 0]]) });
    expect(await numberOf(loss)).toBeCloseTo(0.5, 5);
  });

  it('spreads a weight per sample over its positions', async () => {
    const [teacher, student] = [normal([2, 3, 4], 1), normal([2, 3, 4], 2)];
    const even = await numberOf(cosineHiddenLoss(teacher, student, { over: 'position' }));
    const weights = ones([2]);
    expect(await numberOf(cosineHiddenLoss(teacher, student, { over: 'position', weights }))).toBeCloseTo(
      even,
      6,
    );
  });

  it('names both shapes where positions differ', () => {
    const [teacher, student] = [normal([2, 3, 4], 1), normal([2, 5, 4], 2)];
    expect(() => cosineHiddenLoss(teacher, student, { over: 'position' })).toThrow(
      /as many positions, got `teacherFeatures` \[2, 3, 4\] and `studentFeatures` \[2, 5, 4\]\. Compare over: 'sample'/,
    );
  });
});

describe('cosineHidden', () => {
  it('compares layers of different size without an adapter', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const criterion = cosineHidden({ student: 'hidden', teacher: 'hidden' });
    const manager = prepareCompression(student, { teacher, criterion });
    const { epochs } = await manager.fit(problem(32), { epochs: 5 });
    expect(manager.variables).toHaveLength(student.trainableWeights.length);
    expect(epochs.at(-1)!['cosine']).toBeLessThan(epochs[0]!['cosine']!);
    for (const owned of [manager, teacher, student]) owned.dispose();
  });

  it('refuses what it does not know', () => {
    expect(() => cosineHidden({ student: 'a', teacher: 'a', over: 'token' as never })).toThrow(
      /"sample", "position"/,
    );
  });
});
