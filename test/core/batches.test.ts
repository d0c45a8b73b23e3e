import { tensor1d, tensor2d, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { type Batch, batchSource, type BatchOptions, type Data, shuffledIndices } from '@tfjs-distill/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface Seen {
  readonly x: number[];
  readonly ids: number[];
}

async function seen(data: Data, options: BatchOptions = {}, epoch = 0): Promise<Seen[]> {
  const result: Seen[] = [];
  for await (const { batch, free } of batchSource(data, options).epoch(epoch)) {
    result.push({ x: [...(await (batch.x as Tensor).data())], ids: [...(batch.ids ?? [])] });
    free();
  }
  return result;
}

const numbers = (count: number) => tensor1d(Array.from({ length: count }, (_, i) => i * 10));

describe('data in memory', () => {
  it('come in order, the last batch partial, each sample with its index as id', async () => {
    expect(await seen({ x: numbers(5) }, { batchSize: 2 })).toEqual([
      { x: [0, 10], ids: [0, 1] },
      { x: [20, 30], ids: [2, 3] },
      { x: [40], ids: [4] },
    ]);
  });

  it('keep rows and ids together under any shuffle, batch size and epoch', async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 5 }),
      fc.integer(),
      async (count, batchSize, epoch, seed) => {
        const x = numbers(count);
        const batches = await seen({ x }, { batchSize, shuffle: true, seed }, epoch);
        const rows = batches.flatMap((batch) => batch.x);
        const ids = batches.flatMap((batch) => batch.ids);
        expect(rows).toEqual(ids.map((id) => id * 10));
        expect([...ids].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        x.dispose();
      },
    );
    await fc.assert(property, { numRuns: 50 });
  });

  it('carry ids of the user’s own', async () => {
    const ids = Int32Array.of(7, 8, 9);
    const [first] = await seen({ x: numbers(3), ids }, { batchSize: 3, shuffle: true, seed: 3 });
    expect(first!.ids.map((id) => (id - 7) * 10)).toEqual(first!.x);
  });

  it('may have several inputs, by position or by name', async () => {
    const a = tensor2d([[1], [2]]);
    for (const x of [[a, a], { a, b: a }]) {
      for await (const { batch, free } of batchSource({ x }, { batchSize: 1 }).epoch(0)) {
        expect(Object.values(batch.x as object)).toHaveLength(2);
        free();
      }
    }
  });

  it('know the steps of an epoch', () => {
    expect(batchSource({ x: numbers(5) }, { batchSize: 2 }).steps).toBe(3);
  });
});

describe('shuffledIndices', () => {
  it('is a permutation, a pure function of seed and epoch', () => {
    const property = fc.property(
      fc.integer({ min: 0, max: 200 }),
      fc.integer(),
      fc.nat(50),
      (count, seed, epoch) => {
        const order = shuffledIndices(count, seed, epoch);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(shuffledIndices(count, seed, epoch)).toEqual(order);
      },
    );
    fc.assert(property);
  });

  it('differs between epochs and between seeds', () => {
    const first = shuffledIndices(100, 1, 0);
    expect(shuffledIndices(100, 1, 1)).not.toEqual(first);
    expect(shuffledIndices(100, 2, 0)).not.toEqual(first);
  });

  it('moves every sample to every place about equally often', () => {
    const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    for (let seed = 0; seed < 4000; seed++)
      shuffledIndices(4, seed, 0).forEach((id, place) => counts[id]![place]!++);
    for (const row of counts) for (const count of row) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

describe('other data', () => {
  it('held as a list of batches stay the user’s', async () => {
    const batch: Batch = { x: numbers(2) };
    const source = batchSource([batch, batch]);
    for await (const { free } of source.epoch(0)) free();
    expect((batch.x as Tensor).isDisposed).toBe(false);
    expect(source.steps).toBe(2);
  });

  it('drawn from a function are freed after use', async () => {
    const made: Tensor[] = [];
    const source = batchSource(function* () {
      for (let i = 0; i < 2; i++) {
        const x = zeros([1]);
        made.push(x);
        yield { x };
      }
    });
    for (let epoch = 0; epoch < 2; epoch++) for await (const { free } of source.epoch(epoch)) free();
    expect(made).toHaveLength(4);
    expect(made.every((tensor) => tensor.isDisposed)).toBe(true);
  });

  it('drawn by the epoch know their steps and are freed after use', async () => {
    const drawn: Tensor[] = [];
    const source = batchSource({
      steps: 1,
      batches: (epoch) => {
        const x = tensor1d([epoch]);
        drawn.push(x);
        return [{ x }];
      },
    });
    expect(source.steps).toBe(1);
    for await (const { batch, free } of source.epoch(3)) {
      expect([...(await (batch.x as Tensor).data())]).toEqual([3]);
      free();
    }
    expect(drawn.map(({ isDisposed }) => isDisposed)).toEqual([true]);
  });

  it('may be a dataset like those of tf.data, with xs and ys', async () => {
    const rows = [1, 2];
    const dataset = {
      iterator: async () => {
        const left = [...rows];
        return {
          next: async () => {
            const value = left.shift();
            return value === undefined
              ? { value: null, done: true }
              : { value: { xs: tensor1d([value]), ys: tensor1d([0]) }, done: false };
          },
        };
      },
    };
    expect((await seen(dataset)).map(({ x }) => x)).toEqual([[1], [2]]);
    expect((await seen(dataset)).map(({ x }) => x)).toEqual([[1], [2]]);
  });
});
