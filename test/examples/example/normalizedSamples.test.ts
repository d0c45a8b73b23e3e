import { tensor1d, tensor4d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { normalizedSamples } from '../../../packages/examples/src/example/normalizedSamples.js';

it('normalizes the images of samples, keeps the rest, and frees what it is given', async () => {
  const x = tensor4d([0.485, 0.456, 0.406, 0.714, 0.68, 0.631], [1, 1, 2, 3]);
  const samples = { x, y: tensor1d([3], 'int32'), ids: Int32Array.of(7) };
  const { x: images, ...rest } = normalizedSamples(samples);
  const values = [...(await images.data())];
  [0, 0, 0, 1, 1, 1].forEach((value, i) => expect(values[i]).toBeCloseTo(value, 5));
  expect(images.shape).toEqual([1, 1, 2, 3]);
  expect(rest).toEqual({ y: samples.y, ids: samples.ids });
  expect([x.isDisposed, rest.y.isDisposed]).toEqual([true, false]);
});
