import { type LabelledImages } from '@tfjs-distill/node';
import { type Batch } from '@tfjs-distill/core';
import { type Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { batches, firstIds } from '../../../packages/examples/src/mnist-distiller/batches.js';

/** Image i is all pixels i, its label i modulo 5. */
const set: LabelledImages = {
  pixels: Uint8Array.from({ length: 20 * 4 }, (_, i) => Math.floor(i / 4)),
  shape: [20, 2, 2, 1],
  labels: Int32Array.from({ length: 20 }, (_, i) => i % 5),
};
const options = { ids: firstIds(20), batchSize: 6, seed: 3 };

async function read({ x, y, ids }: Batch) {
  return {
    x: Array.from(await (x as Tensor).data()),
    y: Array.from((await y?.data()) ?? []),
    ids: Array.from(ids ?? []),
  };
}

async function epochOf(draw: () => Generator<Batch>) {
  return Promise.all([...draw()].map(read));
}

describe('batches', () => {
  it('gives whole batches of images from 0 to 1 with their own labels and ids', async () => {
    const epoch = await epochOf(batches(set, options));
    expect(epoch.map(({ ids }) => ids.length)).toEqual([6, 6, 6]);
    for (const { x, y, ids } of epoch) {
      expect(y).toEqual(ids.map((id) => id % 5));
      ids.forEach((id, i) => expect(x[4 * i]).toBeCloseTo(id / 255, 6));
    }
    expect(new Set(epoch.flatMap(({ ids }) => ids)).size).toBe(18);
  });

  it('takes a new order each epoch, and the same orders for the same seed', async () => {
    const order = async (draw: () => Generator<Batch>) => (await epochOf(draw)).flatMap(({ ids }) => ids);
    const [one, two] = [batches(set, options), batches(set, options)];
    const first = await order(one);
    expect(await order(two)).toEqual(first);
    expect(await order(one)).not.toEqual(first);
  });

  it('hides the labels that the student may not see', async () => {
    const epoch = await epochOf(batches(set, { ...options, labelled: new Set([0, 7]) }));
    for (const { y, ids } of epoch) expect(y).toEqual(ids.map((id) => (id === 0 || id === 7 ? id % 5 : -1)));
  });

  it('augments anew in every epoch', async () => {
    const draw = batches(set, { ...options, batchSize: 20, augment: { rotate: 40 } });
    const views = async () => {
      const [epoch] = await epochOf(draw);
      const at = epoch?.ids.indexOf(19) ?? -1;
      return epoch?.x.slice(4 * at, 4 * at + 4);
    };
    expect(await views()).not.toEqual(await views());
  });
});
