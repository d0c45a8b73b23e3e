import {
  gather,
  grad,
  randomNormal,
  tensor,
  tensor1d,
  type Tensor,
  unsortedSegmentSum,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectSameOnBothBackends, useWasmKernels } from './onBothBackends.js';

useWasmKernels();

const random = (shape: number[]) => randomNormal(shape, 0, 1, 'float32', 1);

describe('the sum of segments', () => {
  it('adds up the rows of each id, and leaves out ids out of range', async () => {
    const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
    const sums = unsortedSegmentSum(x, tensor1d([2, 0, 2, 5], 'int32'), 3);
    expect([...(await sums.data())]).toEqual([3, 4, 0, 0, 6, 8]);
    expect(sums.shape).toEqual([3, 2]);
  });

  it('equals that of the CPU backend for any shape and ids', async () => {
    const any = fc.record({
      ids: fc.array(fc.integer({ min: -1, max: 6 }), { minLength: 1, maxLength: 8 }),
      inner: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(any, ({ ids, inner }) =>
        expectSameOnBothBackends(() =>
          unsortedSegmentSum(random([ids.length, ...inner]), tensor1d(ids, 'int32'), 5),
        ),
      ),
      { numRuns: 60 },
    );
  });

  it.each([0, 1, 2])('makes the gradient of gather along axis %i', async (axis) => {
    const indices = () => tensor1d([2, 0, 2, 1], 'int32');
    await expectSameOnBothBackends(() => grad((x: Tensor) => gather(x, indices(), axis))(random([3, 4, 5])));
  });
});
