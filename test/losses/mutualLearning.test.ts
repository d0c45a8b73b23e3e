import { add, tensor2d, train, zeros } from '@tensorflow/tfjs-core';
import { prepareCompression } from '@tfjs-distill/core';
import {
  kdLoss,
  mutualLearning,
  mutualLearningLoss,
  type MutualLearningOptions,
  peerTeachers,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { mlp, problem, weightsOf } from '../fixtures/models.js';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf } from './featureRig.js';

describeGolden<MutualLearningOptions>('dml', ({ student, weights, ...peers }, options) =>
  mutualLearningLoss(Object.values(peers), student!, { ...options, weights }),
);

describe('mutualLearningLoss', () => {
  it('is 0.7616 for the example', async () => {
    const student = tensor2d([[2, 0]]);
    expect(await numberOf(mutualLearningLoss([tensor2d([[0, 2]]), student], student))).toBeCloseTo(0.7616, 4);
  });

  it('is the soft-target loss for one peer, and 0 for equal nets', async () => {
    const [peer, student] = [normal([4, 5], 1), normal([4, 5], 2)];
    const wanted = await numberOf(kdLoss(peer, student, { temperature: 1 }));
    expect(await numberOf(mutualLearningLoss([peer], student))).toBe(wanted);
    expect(await numberOf(mutualLearningLoss([student, add(student, 3)], student))).toBeCloseTo(0, 6);
  });

  it('refuses no peers, shapes that differ and a temperature of 0', () => {
    expect(() => mutualLearningLoss([], zeros([2, 3]))).toThrow(
      /`peerLogits` to be a list of one or more tensors/,
    );
    expect(() => mutualLearningLoss([zeros([2, 4])], zeros([2, 3]))).toThrow(/\[2, 4\].*\[2, 3\]/);
    expect(() => mutualLearning({ temperature: 0 })).toThrow(/`temperature`.*got 0/);
  });
});

describe('mutualLearning', () => {
  it('lets two students teach each other, a step each in turn, until they agree', async () => {
    const [a, b] = [mlp(8, 1), mlp(8, 20)];
    const learner = (student: typeof a, teacher: typeof a) =>
      prepareCompression(student, { teacher, criterion: mutualLearning(), optimizer: train.adam(0.02) });
    const managers = [learner(a, b), learner(b, a)];
    const batch = problem(32);
    const agreement: number[] = [];
    const before = await weightsOf(b);
    await Promise.all(managers.map((manager) => manager.onTrainBegin({ epochs: 15 })));
    for (let epoch = 0; epoch < 15; epoch++) {
      for (const manager of managers) {
        await manager.onEpochBegin();
        await manager.trainStep(batch);
        agreement.push((await manager.onEpochEnd())['dml']!);
      }
    }
    for (const manager of managers) {
      await manager.onTrainEnd();
      manager.dispose();
    }
    expect(agreement.slice(-2).reduce((sum, x) => sum + x)).toBeLessThan(
      0.3 * (agreement[0]! + agreement[1]!),
    );
    expect(await weightsOf(b)).not.toEqual(before);
    a.dispose();
    b.dispose();
  });

  it('leaves the peer as it is in a step of one’s own', async () => {
    const [a, b] = [mlp(8, 1), mlp(8, 20)];
    const manager = prepareCompression(a, { teacher: b, criterion: mutualLearning() });
    const before = await weightsOf(b);
    await manager.trainStep(problem(8));
    expect(await weightsOf(b)).toEqual(before);
    manager.dispose();
    a.dispose();
    b.dispose();
  });

  it('learns from several peers, who are one teacher', async () => {
    const [a, b, c] = [mlp(8, 1), mlp(4, 20), mlp(6, 30)];
    const teacher = peerTeachers([b, c]);
    const manager = prepareCompression(a, { teacher, criterion: mutualLearning({ peers: ['peer2'] }) });
    const { x, y } = problem(8);
    await manager.onTrainBegin();
    await manager.onEpochBegin();
    const logits = [b, c].map((model) => model.predict(x)) as [never, never];
    const wanted = await numberOf(mutualLearningLoss(logits, a.predict(x) as never));
    await manager.trainStep({ x, y });
    expect((await manager.onEpochEnd())['dml']).toBeCloseTo(wanted, 5);
    manager.dispose();
    for (const model of [a, b, c]) model.dispose();
  });

  it('names a peer that is not there', () => {
    const [a, b] = [mlp(8, 1), mlp(8, 20)];
    const criterion = mutualLearning({ peers: ['peer3'] });
    expect(() => prepareCompression(a, { teacher: peerTeachers([b, b]), criterion })).toThrow(
      /Unknown layer "peer3". Did you mean "peer2"/,
    );
    expect(() => peerTeachers([])).toThrow(/`peers` to be a list of one or more models/);
    a.dispose();
    b.dispose();
  });
});
