import {
  cast,
  clone,
  concat,
  mul,
  prelu,
  randomNormal,
  randomUniform,
  range,
  reshape,
  reverse,
  slice,
  split,
  stridedSlice,
  tensor,
  tile,
  unstack,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectSameOnBothBackends, footprint, useWasmKernels } from './onBothBackends.js';

useWasmKernels();

const random = (shape: number[]) => randomNormal(shape, 0, 10, 'float32', 1);
const shape = (min = 1) => fc.array(fc.integer({ min: 1, max: 6 }), { minLength: min, maxLength: 5 });
/** Each axis with something drawn for its size. */
const perAxis = <T>(draw: (size: number) => fc.Arbitrary<T>) =>
  shape().chain((sizes) => fc.record({ sizes: fc.constant(sizes), drawn: fc.tuple(...sizes.map(draw)) }));
const check = <T>(any: fc.Arbitrary<T>, property: (value: T) => Promise<void>) =>
  fc.assert(fc.asyncProperty(any, property), { numRuns: 80 });
const DTYPES = ['float32', 'int32', 'bool'] as const;

describe('on the wasm backend as on the CPU backend', () => {
  it('slices', async () => {
    const any = perAxis((size) =>
      fc
        .integer({ min: 0, max: size - 1 })
        .chain((begin) => fc.tuple(fc.constant(begin), fc.integer({ min: 1, max: size - begin }))),
    );
    await check(fc.tuple(any, fc.constantFrom(...DTYPES)), ([{ sizes, drawn }, dtype]) =>
      expectSameOnBothBackends(() =>
        slice(
          cast(random(sizes), dtype),
          drawn.map(([begin]) => begin),
          drawn.map(([, size]) => size),
        ),
      ),
    );
  });

  it('slices nothing', async () => {
    await expectSameOnBothBackends(() => slice(random([4, 3]), [2, 0], [0, 3]));
  });

  it('slices with steps, forwards and backwards', async () => {
    const any = perAxis((size) =>
      fc
        .tuple(fc.nat(size - 1), fc.nat(size - 1), fc.integer({ min: 1, max: 3 }))
        .map(([from, to, step]) =>
          from <= to ? [from, to + 1, step] : [from, to === 0 ? -size - 1 : to - 1, -step],
        ),
    );
    await check(fc.tuple(any, fc.constantFrom(...DTYPES)), ([{ sizes, drawn }, dtype]) =>
      expectSameOnBothBackends(() => {
        const [begin, end, steps] = [0, 1, 2].map((which) => drawn.map((axis) => axis[which]!)) as [
          number[],
          number[],
          number[],
        ];
        return stridedSlice(cast(random(sizes), dtype), begin, end, steps);
      }),
    );
  });

  it('slices with masks', async () => {
    await expectSameOnBothBackends(() => [
      stridedSlice(random([4, 5, 6]), [1, 2], [3, 4], [1, 1], 0b01, 0b10),
      stridedSlice(random([4, 5, 6]), [1, 2], [2, 4], [1, 1], 0, 0, 0b10, 0, 0b01),
    ]);
  });

  // The CPU backend takes 91, 92, 31, 32: it forgets the steps of axes behind one that is dropped.
  it('slices with steps behind an axis that is dropped', async () => {
    const x = reshape(range(0, 120), [4, 5, 6]);
    const part = stridedSlice(x, [3, 1, 0], [0, 2, 4], [-2, 1, 3], 0, 0, 0, 0, 0b010);
    expect(part.shape).toEqual([2, 2]);
    expect([...(await part.data())]).toEqual([96, 99, 36, 39]);
  });

  it('slices nothing with steps', () => {
    expect(stridedSlice(random([4, 3]), [3, 0], [1, 3], [1, 2]).shape).toEqual([0, 2]);
  });

  it('splits', async () => {
    await expectSameOnBothBackends(() => [
      ...split(random([3, 8, 2]), 4, 1),
      ...split(random([3, 8, 2]), [1, 5, 2], 1),
      ...split(random([4]), 2),
      ...split(random([3, 8]), [3, -1], -1),
    ]);
  });

  it('unstacks', async () => {
    await expectSameOnBothBackends(() => [0, 1, 2].flatMap((axis) => unstack(random([3, 4, 2]), axis)));
  });

  it('tiles', async () => {
    const any = perAxis(() => fc.integer({ min: 1, max: 3 }));
    await check(fc.tuple(any, fc.constantFrom(...DTYPES)), ([{ sizes, drawn }, dtype]) =>
      expectSameOnBothBackends(() => tile(cast(random(sizes), dtype), drawn)),
    );
  });

  it('reverses', async () => {
    const any = perAxis(() => fc.boolean());
    await check(any, ({ sizes, drawn }) =>
      expectSameOnBothBackends(() =>
        reverse(
          random(sizes),
          drawn.flatMap((turned, axis) => (turned ? [axis] : [])),
        ),
      ),
    );
  });

  it('makes truth values of numbers', async () => {
    await expectSameOnBothBackends(() => cast(tensor([0, 0.5, -0.25, 1, 256, NaN, -0]), 'bool'));
    await expectSameOnBothBackends(() => cast(tensor([0, 256, -1], [3], 'int32'), 'bool'));
  });

  it.each([[[5]], [[1, 5]], [[3, 4, 5]], [[1, 4, 5]], [[3, 1, 5]], [[3, 4, 1]], [[1]], [[4, 1]]])(
    'applies PReLU with slopes of shape %j',
    async (alpha) => {
      await expectSameOnBothBackends(() =>
        prelu(random([3, 4, 5]), randomUniform(alpha, 0, 1, 'float32', 3)),
      );
    },
  );

  it('leaves text to the stock kernel', async () => {
    const words = () => tensor(['a', 'b', 'c', 'd'], [2, 2]);
    await expectSameOnBothBackends(() => slice(words(), [0, 1], [2, 1]));
  });
});

describe('a clone', () => {
  it('shares its numbers, and outlives what it is a clone of', async () => {
    const x = tensor([1, 2, 3]);
    const before = footprint();
    const copy = clone(x);
    expect(footprint()).toEqual({ tensors: before.tensors + 1, buckets: before.buckets });
    x.dispose();
    expect([...(await mul(copy, 2).data())]).toEqual([2, 4, 6]);
    copy.dispose();
    expect(footprint().buckets).toBe(before.buckets);
  });

  it('survives a concatenation with itself', async () => {
    await expectSameOnBothBackends(() => {
      const x = random([2, 3]);
      return concat([x, clone(x)], 1);
    });
  });
});
