import { tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { StepShares } from '../../../packages/node/src/mpi/StepShares.js';
import { fakeRanks } from './fakeRanks.js';

const student = { signature: { output: [null, 3] } };
const shares = (others: readonly number[], unlabelled = false, rank = 0) =>
  new StepShares(
    fakeRanks({ rank, size: 2 }, () => others),
    unlabelled,
  );
const of = (found: StepShares, batch: object) => found.of({ batch, student } as never);
const x = () => tensor2d([[1], [2], [3]]);

describe('StepShares', () => {
  it('takes the share that a part brings along', async () => {
    const batch = { x: x(), y: tensor1d([0, 1, 2], 'int32'), share: { weight: 3, of: 12 } };
    expect(await of(shares([]), batch)).toEqual({ weight: 3, of: 12, labels: 0.25 });
  });

  it('counts with the other ranks where none is given', async () => {
    const batch = { x: x(), y: tensor1d([0, 1, 2], 'int32') };
    expect(await of(shares([1, 1]), batch)).toEqual({ weight: 3, of: 4, labels: 0.75 });
  });

  it('counts labels where some may be missing', async () => {
    const batch = { x: x(), y: tensor1d([0, -1, -1], 'int32'), share: { weight: 3, of: 6 } };
    expect(await of(shares([3, 3], true), batch)).toEqual({ weight: 3, of: 6, labels: 0.25 });
  });

  it('refuses missing labels that nobody spoke of', async () => {
    const batch = { x: x(), y: tensor1d([0, -1, 2], 'int32'), share: { weight: 3, of: 6 } };
    await expect(of(shares([]), batch)).rejects.toThrow(/Some samples have no label.*unlabelled: true/);
  });

  it('refuses the same samples on all ranks', async () => {
    const ids = Int32Array.of(4, 5, 6);
    const batch = { x: x(), y: tensor1d([0, 1, 2], 'int32'), ids };
    const hash = (await hashOf(ids)) ?? 0;
    await expect(of(shares([3, 3, 0, hash]), batch)).rejects.toThrow(/All ranks train on the same samples/);
    await of(shares([3, 3, 0, hash + 1]), batch);
  });
});

/** What a rank says of its ids. */
async function hashOf(ids: Int32Array): Promise<number | undefined> {
  const ranks = fakeRanks({ rank: 0, size: 2 }, () => []);
  await of(new StepShares(ranks, false), { x: x(), y: tensor1d([0, 1, 2], 'int32'), ids });
  return ranks.reductions[0]?.[2];
}
