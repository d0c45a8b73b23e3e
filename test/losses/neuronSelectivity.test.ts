import {
  add,
  div,
  matMul,
  mean,
  mul,
  norm,
  type Scalar,
  square,
  sub,
  type Tensor,
  tensor3d,
} from '@tensorflow/tfjs-core';
import { neuronSelectivityLoss, type ReduceOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { expectSame, normal, numberOf } from './featureRig.js';

describeGolden<ReduceOptions>('nst', ({ teacher, student, weights }, options) =>
  neuronSelectivityLoss(teacher!, student!, { ...options, weights }),
);

const unit = (x: Tensor): Tensor => div(x, norm(x, 'euclidean', 1, true));
const kernelMean = (a: Tensor, b: Tensor): Tensor => mean(square(matMul(a, b, true, false)));

describe('neuronSelectivityLoss', () => {
  it('is 1.28 for the example', async () => {
    const loss = neuronSelectivityLoss(tensor3d([[[3], [4]]]), tensor3d([[[1], [0]]]));
    expect(await numberOf(loss)).toBeCloseTo(1.28, 5);
  });

  it.each([
    ['fewer positions than channels', 4, 9],
    ['fewer channels than positions', 9, 4],
  ])('equals the kernel means with %s', async (_, positions, channels) => {
    const [teacher, student] = [normal([2, positions, 3], 1), normal([2, positions, channels], 2)];
    const theirs = unit(teacher);
    const composed = (x: Tensor) => {
      const own = add(kernelMean(theirs, theirs), kernelMean(unit(x), unit(x)));
      return sub<Scalar>(own, mul(kernelMean(theirs, unit(x)), 2));
    };
    await expectSame((x) => neuronSelectivityLoss(teacher, x), composed, student);
  });

  it('is exactly 0 for equal maps of few positions', async () => {
    const x = normal([2, 4, 6], 1);
    expect(await numberOf(neuronSelectivityLoss(x, x))).toBe(0);
  });

  it('names what is no map', () => {
    expect(() => neuronSelectivityLoss(normal([2, 4], 1), normal([2, 4], 1))).toThrow(
      /sequence or map.*\[2, 4\]/,
    );
  });
});
