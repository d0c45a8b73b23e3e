import {
  abs,
  div,
  mean,
  mul,
  norm,
  pow,
  reshape,
  type Scalar,
  square,
  sub,
  type Tensor,
  tensor4d,
} from '@tensorflow/tfjs-core';
import {
  attentionTransfer,
  attentionTransferLoss,
  type AttentionTransferOptions,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { expectSame, normal, numberOf } from './featureRig.js';

describeGolden<AttentionTransferOptions>('at', ({ teacher, student, weights }, options) =>
  attentionTransferLoss(teacher!, student!, { ...options, weights }),
);

const attention = (x: Tensor, power: number): Tensor => {
  const map = reshape(mean(pow(abs(x), power), 3), [x.shape[0] ?? 1, -1]);
  return div(map, norm(map, 'euclidean', 1, true));
};

describe('attentionTransferLoss', () => {
  it('is 0.1454 for the example', async () => {
    const [teacher, student] = [tensor4d([3, 4], [1, 1, 2, 1]), tensor4d([4, 3], [1, 1, 2, 1])];
    expect(await numberOf(attentionTransferLoss(teacher, student))).toBeCloseTo(0.1454, 4);
  });

  it.each([1.5, 2, 3])('equals its composition of kernels for power %d', async (power) => {
    const [teacher, student] = [normal([3, 4, 4, 5], 1), normal([3, 4, 4, 2], 2)];
    const wanted = attention(teacher, power);
    await expectSame(
      (x) => attentionTransferLoss(teacher, x, { power }),
      (x) => mean<Scalar>(square(sub(attention(x, power), wanted))),
      student,
    );
    await expectSame(
      (x) => attentionTransferLoss(teacher, x, { power, variant: 'paper' }),
      (x) => mul<Scalar>(mean(norm(sub(attention(x, power), wanted), 'euclidean', 1)), 0.5),
      student,
    );
  });

  it('does not mind the scale of the features, nor whether channels are summed or averaged', async () => {
    const [teacher, student] = [normal([2, 3, 3, 4], 1), normal([2, 3, 3, 4], 2)];
    const value = await numberOf(attentionTransferLoss(teacher, student));
    expect(await numberOf(attentionTransferLoss(mul(teacher, 5), mul(student, 0.01)))).toBeCloseTo(value, 6);
  });

  it('takes sequences', async () => {
    const [teacher, student] = [normal([2, 8, 3], 1), normal([2, 4, 5], 2)];
    expect(await numberOf(attentionTransferLoss(teacher, student))).toBeGreaterThan(0);
  });

  it('names what is no map, and ranks that differ', () => {
    const map = normal([2, 3, 3, 4], 1);
    expect(() => attentionTransferLoss(map, normal([2, 4], 1))).toThrow(
      /`studentFeatures` to be a sequence or map.*\[2, 4\]/,
    );
    expect(() => attentionTransferLoss(map, normal([2, 3, 4], 1))).toThrow(
      /one rank.*\[2, 3, 3, 4\].*\[2, 3, 4\]/,
    );
    expect(() => attentionTransferLoss(map, map, { power: 0 })).toThrow(
      /`power` to be a number above 0, got 0/,
    );
  });
});

describe('attentionTransfer', () => {
  it('sums over the pairs of layers', async () => {
    const features = { a: normal([2, 3, 3, 4], 1), b: normal([2, 2, 2, 4], 2) };
    const others = { a: normal([2, 3, 3, 4], 3), b: normal([2, 2, 2, 4], 4) };
    const ctx = { studentOutputs: { features }, teacherOutputs: { features: others }, batch: {} } as never;
    const both = await numberOf(attentionTransfer({ student: ['a', 'b'], teacher: ['a', 'b'] }).compute(ctx));
    const one = await numberOf(attentionTransfer({ student: 'a', teacher: 'a' }).compute(ctx));
    const other = await numberOf(attentionTransfer({ student: 'b', teacher: 'b' }).compute(ctx));
    expect(both).toBeCloseTo(one + other, 6);
  });

  it('refuses what is out of range', () => {
    const layers = { student: 'a', teacher: 'a' };
    expect(() => attentionTransfer({ ...layers, power: 0 })).toThrow(/`power` to be a number above 0, got 0/);
    expect(() => attentionTransfer({ ...layers, variant: 'book' as never })).toThrow(/"code", "paper"/);
  });
});
