import { type Tensor } from '@tensorflow/tfjs-core';
import { augmentationView, type SampleBatches, sampleBatches, type Samples } from '@tfjs-distill/node';
import { describe, expect, it } from 'vitest';

/** Image i is all pixels i, its label i modulo 5, its id i + 100. */
const samples: Samples = {
  values: Uint8Array.from({ length: 20 * 4 }, (_, i) => Math.floor(i / 4)),
  shape: [20, 2, 2, 1],
  labels: Int32Array.from({ length: 20 }, (_, i) => i % 5),
  ids: Int32Array.from({ length: 20 }, (_, i) => i + 100),
};
const rows = Int32Array.from({ length: 20 }, (_, i) => i);
const options = { rows, batchSize: 6, seed: 3 };

/** What an epoch gives, as plain numbers. */
function epochOf(data: SampleBatches, epoch = 0) {
  const read = async ({ x, y, ids, view }: { x: Tensor; y: Tensor; ids: Int32Array; view?: string }) => ({
    x: Array.from(await x.data()),
    y: Array.from(await y.data()),
    ids: Array.from(ids),
    view,
  });
  return Promise.all([...data.batches(epoch)].map(read));
}

describe('sampleBatches', () => {
  it('gives whole batches of images from 0 to 1 with their own labels and ids', async () => {
    const data = sampleBatches(samples, options);
    const epoch = await epochOf(data);
    expect(data.steps).toBe(3);
    expect(epoch.map(({ ids }) => ids.length)).toEqual([6, 6, 6]);
    for (const { x, y, ids } of epoch) {
      expect(y).toEqual(ids.map((id) => (id - 100) % 5));
      ids.forEach((id, i) => expect(x[4 * i]).toBeCloseTo((id - 100) / 255, 6));
    }
    expect(new Set(epoch.flatMap(({ ids }) => ids)).size).toBe(18);
  });

  it('is one batch where there are fewer samples', async () => {
    const epoch = await epochOf(sampleBatches(samples, { ...options, rows: rows.subarray(0, 4) }));
    expect(epoch.map(({ ids }) => ids.length)).toEqual([4]);
  });

  it('takes a new order each epoch, and the same orders for the same seed', async () => {
    const order = async (epoch: number) =>
      (await epochOf(sampleBatches(samples, options), epoch)).flatMap(({ ids }) => ids);
    expect(await order(0)).toEqual(await order(0));
    expect(await order(1)).not.toEqual(await order(0));
  });

  it('hides the labels that the student may not see', async () => {
    const epoch = await epochOf(sampleBatches(samples, { ...options, labelled: new Set([0, 7]) }));
    for (const { y, ids } of epoch)
      expect(y).toEqual(ids.map((id) => (id === 100 || id === 107 ? (id - 100) % 5 : -1)));
  });

  it('augments anew in every epoch, and names the view as stores of teachers do', async () => {
    const data = sampleBatches(samples, { ...options, batchSize: 20, augment: { rotate: 40 } });
    const viewOf = async (epoch: number) => {
      const [batch] = await epochOf(data, epoch);
      const at = batch!.ids.indexOf(119);
      return { view: batch!.view, image: batch!.x.slice(4 * at, 4 * at + 4) };
    };
    const [first, second] = [await viewOf(0), await viewOf(1)];
    expect(second.image).not.toEqual(first.image);
    expect(first.view).toBe(augmentationView({ rotate: 40, seed: 3 * 10_007 }));
    expect(second.view).toBe(augmentationView({ rotate: 40, seed: 3 * 10_007 + 1 }));
  });
});
