import {
  concat,
  matMul,
  mean,
  norm,
  ones,
  reshape,
  type Scalar,
  square,
  sub,
  sum,
  type Tensor,
  tensor3d,
  zeros,
  div,
} from '@tensorflow/tfjs-core';
import {
  interChannelCorrelation,
  interChannelCorrelationLoss,
  type ReduceOptions,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { expectSame, normal, numberOf, prepare, valueAndGradient } from './featureRig.js';

describeGolden<ReduceOptions>('ickd', ({ teacher, student, weights }, options) =>
  interChannelCorrelationLoss(teacher!, student!, { ...options, weights }),
);

describe('interChannelCorrelationLoss', () => {
  it('is 0.5858 for the example', async () => {
    const [t, s] = [tensor3d([[[1, 0], [0, 1]]]), tensor3d([[[1, 1], [1, 1]]])]; // prettier-ignore
    expect(await numberOf(interChannelCorrelationLoss(t, s))).toBeCloseTo(0.5858, 4);
  });

  it('equals its composition of kernels', async () => {
    const [t, s] = [normal([3, 3, 3, 4], 1), normal([3, 3, 3, 4], 2)];
    const rows = (x: Tensor) => {
      const flat = reshape(x, [3, 9, 4]);
      const gram = matMul(flat, flat, true, false);
      return div(gram, norm(gram, 2, 2, true));
    };
    await expectSame(
      (x) => interChannelCorrelationLoss(t, x),
      (x) => mean<Scalar>(div(sum(square(sub(rows(x), rows(t))), [1, 2]), 4)),
      s,
    );
  });

  it('gives no gradient to a channel that is 0 everywhere, and ordinary ones to the others', async () => {
    const dead = concat([normal([2, 3, 3, 3], 1), zeros([2, 3, 3, 1])], 3);
    const { gradient } = await valueAndGradient(
      (x) => interChannelCorrelationLoss(normal([2, 3, 3, 4], 2), x),
      dead,
    );
    expect(gradient.filter((_, i) => i % 4 === 3).some((x) => x !== 0)).toBe(true); // by the rows of the living
    expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(10);
  });

  it('names both shapes and the convolution that mends them where channels differ', () => {
    expect(() => interChannelCorrelationLoss(ones([2, 3, 3, 8]), ones([2, 3, 3, 4]))).toThrow(
      /`teacherFeatures` \[2, 3, 3, 8\] and `studentFeatures` \[2, 3, 3, 4\].*1×1 convolution 4 → 8/,
    );
    expect(() => interChannelCorrelationLoss(ones([2, 8]), ones([2, 8]))).toThrow(/a sequence or map/);
  });
});

describe('interChannelCorrelation', () => {
  it('projects the channels and leaves the sizes as they are', () => {
    const criterion = prepare(
      interChannelCorrelation({ student: 'a', teacher: 'b' }),
      { a: [null, 8, 8, 4] },
      { b: [null, 4, 4, 6] },
    );
    expect(criterion.variables?.map(({ shape }) => shape)).toEqual([[4, 6], [6]]);
    criterion.dispose?.();
  });

  it('refuses an unknown reduction', () => {
    expect(() => interChannelCorrelation({ student: 'a', teacher: 'a', reduction: 'none' as never })).toThrow(
      /`reduction`/,
    );
  });
});
