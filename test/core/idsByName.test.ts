import { tensor1d, zeros } from '@tensorflow/tfjs-core';
import { batchSource, idsByName } from '@tfjs-distill/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('idsByName', () => {
  it('numbers names by their order, however they are listed', () => {
    expect([...idsByName(['cat/2.png', 'cat/1.png', 'dog/1.png'])]).toEqual([1, 0, 2]);
    const names = fc.uniqueArray(fc.string(), { maxLength: 20 });
    fc.assert(
      fc.property(names, (list) => {
        const ids = new Map(list.map((name, i) => [name, idsByName(list)[i]]));
        const reversed = list.toReversed();
        idsByName(reversed).forEach((id, i) => expect(id).toBe(ids.get(reversed[i] ?? '')));
        expect([...ids.values()].sort((a = 0, b = 0) => a - b)).toEqual(list.map((_, i) => i));
      }),
    );
  });

  it('refuses a name that comes twice', () => {
    expect(() => idsByName(['a', 'b', 'a'])).toThrow('Expected one sample per name, got two of "a".');
  });
});

describe('ids and views of batches', () => {
  it('come from tf.data as tensors or lists, and go on as whole numbers', async () => {
    const datasetOf = (ids: unknown) => ({
      iterator: () => {
        const left = [{ xs: zeros([2]), ids }];
        return Promise.resolve({
          next: () => Promise.resolve({ value: left[0], done: left.shift() === undefined }),
        });
      },
    });
    for (const ids of [tensor1d([7, 9], 'int32'), [7, 9]]) {
      for await (const { batch, free } of batchSource(datasetOf(ids)).epoch(0)) {
        expect(batch.ids).toEqual(Int32Array.of(7, 9));
        free();
      }
    }
    const broken = async () => {
      for await (const { free } of batchSource(datasetOf([7, 0.5])).epoch(0)) free();
    };
    await expect(broken()).rejects.toThrow('Expected `batch.ids` to be whole numbers of 32 bits, got 0.5');
  });

  it('say which view data in memory hold', async () => {
    const x = zeros([3]);
    for await (const { batch, free } of batchSource({ x, view: 'shifted' }).epoch(0)) {
      expect(batch.view).toBe('shifted');
      free();
    }
  });
});
