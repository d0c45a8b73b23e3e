import {
  avgPool,
  grad,
  maxPool,
  maxPool3d,
  randomNormal,
  reshape,
  sub,
  tensor,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  type Tensor5D,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectSameOnBothBackends, useWasmKernels } from './onBothBackends.js';

useWasmKernels();

type Triple = [number, number, number];
type Shape = [number, number, number, number];
interface Pooling {
  readonly input: Shape;
  readonly size: [number, number];
  readonly strides: [number, number];
  readonly pad: 'same' | 'valid' | number;
}

const random = (shape: number[], seed: number) => randomNormal(shape, 0, 1, 'float32', seed);

/** Gradient of a pooling at x under a random dy. */
function gradientAt(x: Tensor, pool: (x: Tensor) => Tensor): Tensor {
  return grad(pool)(x, random(pool(x).shape, 7));
}

const TABLE: [string, Pooling][] = [
  ['windows side by side', { input: [2, 6, 6, 3], size: [2, 2], strides: [2, 2], pad: 'valid' }],
  ['windows that overlap', { input: [2, 7, 6, 3], size: [2, 2], strides: [1, 1], pad: 'same' }],
  ['windows cut by the edge', { input: [2, 5, 7, 3], size: [3, 3], strides: [2, 2], pad: 'same' }],
  ['windows with gaps', { input: [1, 7, 7, 2], size: [1, 2], strides: [3, 3], pad: 'valid' }],
  ['padding by a number', { input: [2, 5, 5, 2], size: [3, 3], strides: [2, 2], pad: 1 }],
  ['one pixel', { input: [1, 1, 1, 1], size: [1, 1], strides: [1, 1], pad: 'same' }],
];

const anyPooling = fc
  .record({
    input: fc.tuple(
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 3 }),
    ),
    size: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.constantFrom('same' as const, 'valid' as const),
  })
  .filter(({ input, size, pad }) => pad === 'same' || (input[1] >= size[0] && input[2] >= size[1]));

const pooled =
  ({ size, strides, pad }: Pooling) =>
  (x: Tensor) =>
    maxPool(x as Tensor4D, size, strides, pad);

describe('the gradient of max pooling', () => {
  it.each(TABLE)('equals that of the CPU backend: %s', async (_, pooling) => {
    await expectSameOnBothBackends(() => gradientAt(random(pooling.input, 1), pooled(pooling)));
  });

  it('equals that of the CPU backend for any sizes and strides', async () => {
    await fc.assert(
      fc.asyncProperty(anyPooling, (pooling) =>
        expectSameOnBothBackends(() => gradientAt(random(pooling.input, 1), pooled(pooling))),
      ),
      { numRuns: 100 },
    );
  });

  it('reaches the maximum where every number is negative', async () => {
    const x = tensor([-4, -3, -2, -1, -8, -7, -6, -5], [2, 2, 2, 1]);
    const dx = grad((images: Tensor) => maxPool(images as Tensor4D, 2, 2, 'valid'))(
      x,
      tensor([10, 20], [2, 1, 1, 1]),
    );
    expect([...(await dx.data())]).toEqual([0, 0, 0, 10, 0, 0, 0, 20]);
  });

  it('goes to the first of equal maxima', async () => {
    const x = tensor([0, 5, 5, 5], [1, 2, 2, 1]);
    const dx = grad((images: Tensor) => maxPool(images as Tensor4D, 2, 2, 'valid'))(x);
    expect([...(await dx.data())]).toEqual([0, 1, 0, 0]);
  });

  it('is 0 for a window of NaN', async () => {
    const x = tensor([NaN, NaN, NaN, NaN, 1, 2, 3, 4], [2, 2, 2, 1]);
    const dx = grad((images: Tensor) => maxPool(images as Tensor4D, 2, 2, 'valid'))(x);
    expect([...(await dx.data())]).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
  });

  it('adds up where windows share their maximum', async () => {
    const x = tensor([0, 9, 0], [3, 1, 1]);
    const dx = grad((images: Tensor) => maxPool(images as Tensor3D, [2, 1], 1, 'valid'))(x);
    expect([...(await dx.data())]).toEqual([0, 2, 0]);
  });
});

describe('the gradient of average pooling', () => {
  it.each(TABLE)('equals that of the CPU backend: %s', async (_, { input, size, strides, pad }) => {
    await expectSameOnBothBackends(() =>
      gradientAt(random(input, 1), (x) => avgPool(x as Tensor4D, size, strides, pad)),
    );
  });
});

describe('max pooling of volumes', () => {
  const pool = (size: Triple, strides: Triple, pad: 'same' | 'valid') => (x: Tensor) =>
    maxPool3d(x as Tensor5D, size, strides, pad);

  it.each([
    [2, 1, 'same'],
    [2, 2, 'valid'],
    [3, 2, 'same'],
  ] as const)(
    'and its gradient equal those of the CPU backend, of negative numbers too: %i by %i, %s',
    async (size, stride, pad) => {
      await expectSameOnBothBackends(() => {
        const x = sub(random([2, 4, 5, 3, 2], 1), 1);
        const pooling = pool([size, size, size], [stride, stride, stride], pad);
        return [pooling(x), gradientAt(x, pooling)];
      });
    },
  );

  // The CPU backend is no reference here: it confuses the axes of windows that are not cubes.
  it('and its gradient equal those of images where windows are one slice deep', async () => {
    const x = sub(random([6, 5, 7, 2], 1), 1);
    const images = (x: Tensor) => maxPool(x as Tensor4D, [3, 2], [2, 1], 'same');
    const volumes = (x: Tensor) =>
      reshape(pool([1, 3, 2], [1, 2, 1], 'same')(reshape(x, [2, 3, 5, 7, 2])), [6, 3, 7, 2]);
    expect(await volumes(x).array()).toEqual(await images(x).array());
    expect(await gradientAt(x, volumes).array()).toEqual(await gradientAt(x, images).array());
  });
});
