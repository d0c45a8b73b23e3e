import { concat, randomNormal, tensor1d, train } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { initializeWeights, labelsOnly, type Logs, prepareCompression } from '@tfjs-distill/core';
import { relational } from '@tfjs-distill/losses';
import { dataParallel, mpiDataParallel, PeerLost, soloCollective } from '@tfjs-distill/node/mpi';
import { describe, expect, it } from 'vitest';
import { lossOf } from '../../../packages/node/src/mpi/lossOf.js';
import { meanOverRanks } from '../../../packages/node/src/mpi/ranksAgree.js';
import { refuseCoupled } from '../../../packages/node/src/mpi/refuseCoupled.js';
import { allow } from '../../setup/guards.js';
import { fakeRanks } from './fakeRanks.js';

const SAMPLES = 24;

/** Trains on one rank of fake ones; rank 0 of 1 is the whole. */
async function trained(ranks: ReturnType<typeof fakeRanks> | typeof soloCollective, twice = false) {
  const student = sequential({
    layers: [layers.dense({ inputShape: [3], units: 4 }), layers.dense({ units: 2 })],
  });
  initializeWeights(student, 1);
  const manager = prepareCompression(student, {
    criterion: labelsOnly,
    optimizer: train.sgd(0.1),
    plugins: [dataParallel(ranks)],
  });
  const x = randomNormal([SAMPLES, 3], 0, 1, 'float32', 1);
  const y = tensor1d(
    Array.from({ length: SAMPLES }, (_, i) => i % 2),
    'int32',
  );
  // the same samples twice: then each of two ranks sees what the other sees
  const data = twice ? { x: concat([x, x]), y: concat([y, y]) } : { x, y };
  const how = { batchSize: twice ? 2 * SAMPLES : SAMPLES, epochs: 3, shuffle: false };
  try {
    const { epochs } = await manager.fit(data, how);
    const weights = await Promise.all(student.getWeights().map(async (tensor) => [...(await tensor.data())]));
    return { weights: weights.flat(), loss: (epochs as Logs[]).map(({ loss }) => loss!) };
  } finally {
    manager.dispose();
    student.dispose();
  }
}

describe('dataParallel', () => {
  it('trains as one process where the other rank sees the same', async () => {
    allow('dataSync'); // gradients leave the engine within a step
    const whole = await trained(soloCollective);
    const ranks = fakeRanks({ rank: 0, size: 2 });
    const part = await trained(ranks, true);
    whole.weights.forEach((weight, i) => expect(part.weights[i]).toBeCloseTo(weight, 6));
    whole.loss.forEach((loss, epoch) => expect(part.loss[epoch]).toBeCloseTo(loss, 5));
  });

  it('sends all gradients of a step by one reduction', async () => {
    allow('dataSync');
    const ranks = fakeRanks({ rank: 0, size: 2 });
    await trained(ranks, true);
    const parameters = 3 * 4 + 4 + 4 * 2 + 2;
    expect(ranks.reductions.filter(({ length }) => length === parameters)).toHaveLength(3);
  });

  it('tells the others of an error of its own, and not of one of theirs', async () => {
    allow('dataSync');
    const broken = fakeRanks({ rank: 0, size: 2 }, () => {
      throw new PeerLost(1, 2, 'is gone', false);
    });
    await expect(trained(broken, true)).rejects.toThrow(/Rank 1 of 2 is gone/);
    expect(broken.aborted).toEqual([]);
    const faulty = fakeRanks({ rank: 0, size: 2 }, () => {
      throw new Error('no memory');
    });
    await expect(trained(faulty, true)).rejects.toThrow('no memory');
    expect(faulty.aborted.join()).toMatch(/no memory/);
  });

  it('does nothing on one rank', () => {
    expect(dataParallel(soloCollective)).toEqual({ name: 'mpi-data-parallel' });
    expect(mpiDataParallel({}).name).toBe('mpi-data-parallel');
  });
});

describe('refuseCoupled', () => {
  it.each([
    ['compares', relational({ student: 'a', teacher: 'a' }), /"rkd" compares the samples of a batch/],
    [
      'remembers',
      { type: 'mine', compute: () => undefined as never, state: [{} as never] },
      /"mine" keeps a memory/,
    ],
    [
      'adds up',
      { type: 'sums', compute: () => undefined as never, toJSON: () => ({ type: 'sums', reduction: 'sum' }) },
      /"sums" adds up/,
    ],
  ])('refuses what %s', (_, criterion, message) => {
    expect(() => refuseCoupled([labelsOnly, criterion] as never)).toThrow(message);
  });
});

describe('meanOverRanks', () => {
  it('weighs each rank by its samples', () => {
    const ranks = fakeRanks({ rank: 0, size: 2 }, () => [200, 0.8 * 200]);
    expect(meanOverRanks(ranks, { accuracy: 0.5 }, 100)['accuracy']).toBeCloseTo(0.7, 6);
  });
});

describe('lossOf', () => {
  it('finds the lost rank behind what it caused', () => {
    const lost = new PeerLost(2, 4, 'is gone', false);
    expect(lossOf(new Error('a hook threw', { cause: lost }))).toBe(lost);
    expect(lossOf(new Error('another'))).toBeUndefined();
  });
});
