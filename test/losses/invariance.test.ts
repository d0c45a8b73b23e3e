import {
  add,
  concat,
  gather,
  randomNormal,
  scalar,
  type Scalar,
  type Tensor,
  tensor1d,
} from '@tensorflow/tfjs-core';
import * as L from '@tfjs-distill/losses';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { number } from './read.js';

type Loss = (teacher: Tensor, student: Tensor) => Scalar;

const labels = () => tensor1d([0, 3, 1, 2], 'int32');

const LOSSES: readonly [string, Loss][] = [
  ['kdLoss', (t, s) => L.kdLoss(t, s)],
  ['logitsMseLoss, centred', (t, s) => L.logitsMseLoss(t, s, { centred: true })],
  ['reverseKlLoss', (t, s) => L.reverseKlLoss(t, s)],
  ['generalizedJsdLoss', (t, s) => L.generalizedJsdLoss(t, s, { beta: 0.3 })],
  ['topKKlLoss', (t, s) => L.topKKlLoss(t, s, { k: 2 })],
  ['decoupledKdLoss', (t, s) => L.decoupledKdLoss(t, s, labels())],
  ['distLoss', (t, s) => L.distLoss(t, s)],
  ['standardizedKdLoss', (t, s) => L.standardizedKdLoss(t, s)],
  ['curriculumTemperatureLoss', (t, s) => L.curriculumTemperatureLoss(t, s, scalar(-2))],
  ['multiLevelKdLoss', (t, s) => L.multiLevelKdLoss(t, s)],
  ['weightedSoftLabelsLoss', (t, s) => L.weightedSoftLabelsLoss(t, s, labels())],
  ['virtualTeacherLoss', (_, s) => L.virtualTeacherLoss(s, labels())],
  ['totalVariationLoss', (t, s) => L.totalVariationLoss(t, s)],
];

const seeds = fc.integer({ min: 1, max: 1e6 });
const runs = { numRuns: 8 };
const pair = (seed: number) =>
  [0, 1].map((i) => randomNormal([4, 5], 0, 3, 'float32', seed + i)) as [Tensor, Tensor];

describe.each(LOSSES)('%s', (_, loss) => {
  it('is never negative', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        expect(await number(loss(...pair(seed)))).toBeGreaterThanOrEqual(0);
      }),
      runs,
    );
  });

  it('does not see a constant added to all logits of a sample, on either side', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, fc.double({ min: -20, max: 20, noNaN: true }), async (seed, constant) => {
        const [t, s] = pair(seed);
        const value = await number(loss(t, s));
        const tolerance = 1e-4 * (1 + Math.abs(value));
        expect(Math.abs((await number(loss(t, add(s, constant)))) - value)).toBeLessThan(tolerance);
        expect(Math.abs((await number(loss(add(t, constant), s))) - value)).toBeLessThan(tolerance);
      }),
      runs,
    );
  });
});

const UNLABELLED = LOSSES.filter(([name]) => !/decoupled|weighted|virtual|topK/.test(name));

describe.each(UNLABELLED)('%s', (_, loss) => {
  it('does not depend on the order of the classes', async () => {
    const [t, s] = pair(3);
    const order = tensor1d([3, 0, 4, 1, 2], 'int32');
    const moved = await number(loss(gather(t, order, 1), gather(s, order, 1)));
    expect(moved).toBeCloseTo(await number(loss(t, s)), 4);
  });
});

const PER_SAMPLE = LOSSES.filter(([name]) => !/dist|multi|decoupled|weighted|virtual/.test(name));

describe.each(PER_SAMPLE)('%s', (_, loss) => {
  it('stays as it is when every sample is there twice', async () => {
    const [t, s] = pair(5);
    const twice = await number(loss(concat([t, t]), concat([s, s])));
    expect(twice).toBeCloseTo(await number(loss(t, s)), 4);
  });
});
