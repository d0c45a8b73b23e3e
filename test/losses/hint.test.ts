import { notEqual, sum, tensor1d, tensor2d, train } from '@tensorflow/tfjs-core';
import { prepareCompression } from '@tfjs-distill/core';
import { type ReduceOptions, hint, hintLoss } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { modelsOf } from './conformance/rig.js';
import { normal, numberOf, prepare } from './featureRig.js';

describeGolden<ReduceOptions>('fitnet', ({ teacher, student, weights }, options) =>
  hintLoss(teacher!, student!, { ...options, weights }),
);

describe('hintLoss', () => {
  it('is 2 for the example', async () => {
    expect(await numberOf(hintLoss(tensor2d([[0, 2]]), tensor2d([[2, 2]])))).toBe(2);
  });

  it('is half the sum of squares, as printed in the paper, by batchMean', async () => {
    const loss = hintLoss(tensor2d([[0, 2]]), tensor2d([[2, 3]]), { reduction: 'batchMean' });
    expect((await numberOf(loss)) / 2).toBe(2.5);
  });

  it('gives one value per sample with reduction none', async () => {
    const loss = hintLoss(tensor2d([[0], [1]]), tensor2d([[2], [4]]), { reduction: 'none' });
    expect([...(await loss.data())]).toEqual([4, 9]);
  });

  it('names both shapes and the adapter that mends it', () => {
    const [teacher, student] = [normal([2, 4, 4, 3], 1), normal([2, 8, 8, 2], 2)];
    expect(() => hintLoss(teacher, student)).toThrow(
      'hintLoss: Expected features of one shape, got `teacherFeatures` [2, 4, 4, 3] and `studentFeatures` [2, 8, 8, 2]. createAdapter([2, 8, 8, 2], [2, 4, 4, 3]) mends it by average pooling to 4×4, then 1×1 convolution 2 → 3',
    );
    expect(() => hintLoss(normal([2, 3], 1), normal([3, 3], 1))).toThrow(/Give both the same samples/);
    expect(() => hintLoss(normal([2, 3], 1), normal([2, 3, 3, 1], 1))).toThrow(/average over all positions/);
    expect(() => hintLoss(normal([2, 3, 3, 1], 1), normal([2, 3], 1))).toThrow(/Tap layers of one kind/);
  });

  it('wants one weight per sample', () => {
    const x = normal([2, 3], 1);
    expect(() => hintLoss(x, x, { weights: tensor1d([1]) })).toThrow(
      /one weight per sample, got `weights` \[1\]/,
    );
  });
});

describe('hint', () => {
  it('has an adapter per pair of layers, each from its own seed', async () => {
    const layers = { a: [null, 3], b: [null, 3] };
    const criterion = prepare(
      hint({ student: ['a', 'b'], teacher: ['a', 'b'], adapter: 'linear' }),
      layers,
      layers,
    );
    const [first, , second] = criterion.variables!;
    expect(criterion.variables!.map(({ name }) => name)).toEqual([
      'fitnet/a-a/kernel',
      'fitnet/a-a/bias',
      'fitnet/b-b/kernel',
      'fitnet/b-b/bias',
    ]);
    expect([...(await first!.data())]).not.toEqual([...(await second!.data())]);
    criterion.dispose!();
  });

  it('trains its adapter from the first step on', async () => {
    const features = { student: { a: [4, 4, 2] }, teacher: { a: [2, 2, 3] } };
    const models = modelsOf({ factory: hint, features });
    const criterion = hint({ student: 'a', teacher: 'a' });
    const manager = prepareCompression(models.student, {
      teacher: models.teacher,
      criterion,
      optimizer: train.sgd(0.01),
    });
    const before = criterion.variables!.map((variable) => variable.clone());
    await manager.trainStep({ x: normal([4, 5], 1) });
    for (const [i, variable] of criterion.variables!.entries()) {
      expect(await sum(notEqual(variable, before[i]!)).array()).toBe(variable.size);
    }
    manager.dispose();
    expect(criterion.variables).toEqual([]);
    models.dispose();
  });

  it('wants as many layers on both sides', () => {
    expect(() => hint({ student: ['a', 'b'], teacher: 'a' })).toThrow(
      /as many student layers as teacher layers/,
    );
    expect(() => hint({ student: 'a' } as never)).toThrow(
      /`teacher` to be the name of a layer or a list of names/,
    );
    expect(() => hint({ student: [], teacher: [] })).toThrow(/fitnet: Expected `student`/);
  });

  it('refuses what is out of range', () => {
    expect(() => hint({ student: 'a', teacher: 'a', weight: -1 })).toThrow(/`weight`.*-1/);
    expect(() => hint({ student: 'a', teacher: 'a', adapter: 'conv' as never })).toThrow(
      /"auto", "identity"/,
    );
    expect(() => hint({ student: 'a', teacher: 'a', seed: 0.5 })).toThrow(/`seed` to be a whole number/);
    expect(() => hint({ student: 'a', teacher: 'a', adaptor: 'auto' } as never)).toThrow(/"adapter"/);
  });
});
