import {
  exp,
  logSoftmax,
  mul,
  reshape,
  type Scalar,
  sub,
  sum,
  type Tensor,
  tensor3d,
  transpose,
} from '@tensorflow/tfjs-core';
import { channelWise, channelWiseLoss, type ChannelWiseOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { expectSame, normal, numberOf } from './featureRig.js';

describeGolden<ChannelWiseOptions>('cwd', ({ teacher, student, weights }, options) =>
  channelWiseLoss(teacher!, student!, { ...options, weights }),
);

describe('channelWiseLoss', () => {
  it('is 1.5232 for the example', async () => {
    const [teacher, student] = [tensor3d([[[0], [2]]]), tensor3d([[[2], [0]]])];
    expect(await numberOf(channelWiseLoss(teacher, student, { temperature: 1 }))).toBeCloseTo(1.5232, 4);
  });

  it('equals its composition of kernels', async () => {
    const [teacher, student] = [normal([3, 4, 4, 5], 1), normal([3, 4, 4, 5], 2)];
    const logs = (x: Tensor) => logSoftmax(mul(transpose(reshape(x, [3, 16, 5]), [0, 2, 1]), 0.5));
    const theirs = logs(teacher);
    await expectSame(
      (x) => channelWiseLoss(teacher, x, { temperature: 2 }),
      (x) => mul<Scalar>(sum(mul(exp(theirs), sub(theirs, logs(x)))), 4 / 15),
      student,
    );
  });

  it('does not mind a constant added to a channel', async () => {
    const [teacher, student] = [normal([2, 3, 3, 2], 1), normal([2, 3, 3, 2], 2)];
    const value = await numberOf(channelWiseLoss(teacher, student));
    const shifted = await numberOf(channelWiseLoss(teacher, sub(student, 7)));
    expect(shifted).toBeCloseTo(value, 5);
  });

  it('names shapes that differ and refuses a temperature of 0', () => {
    const x = normal([2, 4, 4, 3], 1);
    expect(() => channelWiseLoss(x, normal([2, 2, 2, 3], 1))).toThrow(/linear resizing to 4×4/);
    expect(() => channelWiseLoss(x, x, { temperature: 0 })).toThrow(
      /`temperature` to be a number above 0, got 0/,
    );
  });
});

describe('channelWise', () => {
  it('refuses a temperature of 0', () => {
    expect(() => channelWise({ student: 'a', teacher: 'a', temperature: 0 })).toThrow(/`temperature`.*got 0/);
  });
});
