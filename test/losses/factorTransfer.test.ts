import { tensor2d, train } from '@tensorflow/tfjs-core';
import { prepareCompression } from '@tfjs-distill/core';
import { factorTransfer, factorTransferLoss, type FactorTransferOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf, prepare } from './featureRig.js';
import { modelsOf } from './conformance/rig.js';

describeGolden<FactorTransferOptions>('ft', ({ teacher, student, weights }, options) =>
  factorTransferLoss(teacher!, student!, { ...options, weights }),
);

describe('factorTransferLoss', () => {
  it('is 0.6 for the example', async () => {
    expect(await numberOf(factorTransferLoss(tensor2d([[1, 0]]), tensor2d([[3, 4]])))).toBeCloseTo(0.6, 6);
  });

  it('names shapes that differ', () => {
    expect(() => factorTransferLoss(normal([2, 3], 1), normal([2, 4], 1))).toThrow(/\[2, 3\].*\[2, 4\]/);
  });
});

describe('factorTransfer', () => {
  const map = { student: { a: [4, 4, 3] }, teacher: { a: [4, 4, 6] } };

  it('makes factors of half the teacher’s channels', () => {
    const shapes = [{ a: [null, 4, 4, 3] }, { a: [null, 4, 4, 6] }] as const;
    const criterion = prepare(factorTransfer({ student: 'a', teacher: 'a' }), ...shapes);
    const kernels = criterion.variables!.filter(({ name }) => name.endsWith('kernel'));
    expect(kernels.map(({ name, shape }) => [name, shape.slice(2)])).toEqual([
      ['ft/a-a/encoder1/kernel', [6, 6]],
      ['ft/a-a/encoder2/kernel', [6, 3]],
      ['ft/a-a/encoder3/kernel', [3, 3]],
      ['ft/a-a/decoder1/kernel', [3, 3]],
      ['ft/a-a/decoder2/kernel', [3, 6]],
      ['ft/a-a/decoder3/kernel', [6, 6]],
      ['ft/a-a/translator1/kernel', [3, 3]],
      ['ft/a-a/translator2/kernel', [3, 3]],
      ['ft/a-a/translator3/kernel', [3, 3]],
    ]);
    criterion.dispose!();
  });

  it('trains the paraphraser first, alone, and then lets it rest', async () => {
    const criterion = factorTransfer({ student: 'a', teacher: 'a', kernel: 'conv1x1', pretrainEpochs: 1 });
    const models = modelsOf({ factory: factorTransfer, features: map });
    const manager = prepareCompression(models.student, {
      teacher: models.teacher,
      criterion,
      optimizer: train.sgd(0.01),
    });
    const parts = ['encoder', 'decoder', 'translator'] as const;
    const state = async (part: string) => {
      const mine = criterion.variables!.filter(({ name }) => name.includes(part));
      return (await Promise.all(mine.map(async (variable) => [...(await variable.data())]))).flat();
    };
    const moved: boolean[][] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      const before = await Promise.all(parts.map(state));
      if (epoch === 0) await manager.onTrainBegin({ epochs: 2 });
      await manager.onEpochBegin();
      await manager.trainStep({ x: normal([4, 5], 1) });
      await manager.onEpochEnd();
      const after = await Promise.all(parts.map(state));
      moved.push(after.map((numbers, i) => numbers.join() !== before[i]!.join()));
    }
    expect(moved).toEqual([
      [true, true, false],
      [false, false, true],
    ]);
    await manager.onTrainEnd();
    manager.dispose();
    models.dispose();
  });

  it('weighs the pre-training 1, whatever comes after', () => {
    const { weight } = factorTransfer({ student: 'a', teacher: 'a', pretrainEpochs: 2 });
    const at = (epoch: number) => (weight as (progress: object) => number)({ epoch });
    expect([0, 1, 2, 3].map(at)).toEqual([1, 1, 200, 200]);
  });

  it('refuses what is no map', () => {
    const criterion = factorTransfer({ student: 'a', teacher: 'a' });
    expect(() => prepare(criterion, { a: [null, 4] }, { a: [null, 4] })).toThrow(
      /two maps with known channels.*\[null, 4\]/,
    );
    expect(() => factorTransfer({ student: 'a', teacher: 'a', factor: 0 })).toThrow(/`factor`.*got 0/);
  });
});
