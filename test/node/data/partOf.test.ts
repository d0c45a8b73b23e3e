import { tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { type Batch, type Data } from '@tfjs-distill/core';
import { type PartBatch, partOf } from '@tfjs-distill/node/mpi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleBatches } from '../../../packages/node/src/data/sampleBatches.js';

const SIZES = [1, 2, 3, 4, 7];

async function drawn(data: Data, rank: number, size: number, options = {}): Promise<PartBatch[]> {
  const parts: PartBatch[] = [];
  for await (const part of partOf(data, { rank, size }, options).batches(1)) parts.push(part as PartBatch);
  return parts;
}

const inMemory = (count: number) => ({
  x: tensor2d(
    Array.from({ length: count }, (_, i) => i),
    [count, 1],
  ),
  y: tensor1d(
    Array.from({ length: count }, (_, i) => i % 3),
    'int32',
  ),
});

describe('partOf', () => {
  it('gives every sample of every batch to one rank, and all ranks as many batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        async (count, batchSize) => {
          const data = inMemory(count);
          const options = { batchSize, shuffle: true, seed: 3 };
          const whole = await drawn(data, 0, 1, options);
          for (const size of SIZES) {
            const ranks = await Promise.all(range(size).map((rank) => drawn(data, rank, size, options)));
            for (const parts of ranks) expect(parts.length).toBe(whole.length);
            whole.forEach((batch, step) => {
              const parts = ranks.map((rank) => rank[step]!);
              const ids = parts.flatMap(({ ids, share }) => (share.weight === 0 ? [] : [...ids!]));
              expect(ids).toEqual([...batch.ids!]);
              expect(parts.reduce((sum, { share }) => sum + share.weight, 0)).toBe(batch.ids!.length);
              expect(new Set(parts.map(({ share }) => share.of))).toEqual(new Set([batch.ids!.length]));
            });
            free(ranks.flat());
          }
          free(whole);
          data.x.dispose();
          data.y.dispose();
        },
      ),
      { numRuns: 25 },
    );
  });

  it('weighs a part by the weights of its samples', async () => {
    const weights = tensor1d([1, 2, 3, 4]);
    const data = { ...inMemory(4), weights };
    for (const given of [data, [{ ...data, ids: Int32Array.of(0, 1, 2, 3) }] as Batch[]]) {
      const [part] = await drawn(given, 1, 2, { batchSize: 4 });
      expect(part!.share).toEqual({ weight: 7, of: 10 });
      free([part!]);
    }
  });

  it('leaves batches without ids without ids', async () => {
    const { x, y } = inMemory(4);
    const [part] = await drawn([{ x, y }], 0, 2);
    expect(part!.ids).toBeUndefined();
    free([part!]);
  });

  it('makes only its own samples of a data set that can be made in part', async () => {
    const samples = {
      values: Float32Array.from({ length: 20 }, (_, i) => i),
      shape: [10, 2],
      labels: Int32Array.from({ length: 10 }, (_, i) => i % 2),
      ids: Int32Array.from({ length: 10 }, (_, i) => 100 + i),
    };
    const rows = Int32Array.from({ length: 10 }, (_, i) => i);
    const data = sampleBatches(samples as never, { rows, batchSize: 5, seed: 1 });
    const whole = [...data.batches(1)];
    const ranks = await Promise.all([0, 1].map((rank) => drawn(data, rank, 2)));
    whole.forEach((batch, step) => {
      expect(ranks.flatMap((parts) => [...parts[step]!.ids!])).toEqual([...batch.ids]);
    });
    expect(ranks.map((parts) => parts[0]!.share)).toEqual([
      { weight: 2, of: 5 },
      { weight: 3, of: 5 },
    ]);
    free([...whole, ...ranks.flat()]);
  });
});

const range = (length: number) => Array.from({ length }, (_, i) => i);

function free(batches: readonly Batch[]): void {
  for (const { x, y, weights } of batches)
    for (const tensor of [x, y, weights]) (tensor as typeof y)?.dispose();
}
