import {
  cast,
  greater,
  mean,
  mul,
  ones,
  relu,
  type Scalar,
  softplus,
  sub,
  tensor2d,
} from '@tensorflow/tfjs-core';
import {
  activationPattern,
  activationPatternLoss,
  type ActivationPatternOptions,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { expectSame, normal, numberOf } from './featureRig.js';

describeGolden<ActivationPatternOptions>('activation-pattern', ({ teacher, student, weights }, options) =>
  activationPatternLoss(teacher!, student!, { ...options, weights }),
);

describe('activationPatternLoss', () => {
  it('is 1.41 for the example', async () => {
    const loss = activationPatternLoss(tensor2d([[1, 0]]), tensor2d([[0, 2]]));
    expect(await numberOf(loss)).toBeCloseTo(1.41, 4);
  });

  it('equals its composition of kernels', async () => {
    const [t, s] = [normal([3, 4, 4, 5], 1), normal([3, 4, 4, 5], 2)];
    const on = cast(greater(t, 0), 'float32');
    await expectSame(
      (x) => activationPatternLoss(t, x, { sharpness: 3 }),
      (x) => mean<Scalar>(sub(softplus(mul(x, 3)), mul(on, mul(x, 3)))),
      s,
    );
  });

  it('sees of the teacher only what is on: before a ReLU or after it', async () => {
    const [t, s] = [normal([4, 6], 1), normal([4, 6], 2)];
    const [before, after] = [activationPatternLoss(t, s), activationPatternLoss(relu(t), s)];
    expect(await numberOf(after)).toBe(await numberOf(before));
  });

  it('counts the neurons that differ where the pattern is clear and the sharpness high', async () => {
    const [t, s] = [tensor2d([[1, 1, -1, -1]]), tensor2d([[1, -1, -1, -1]])];
    const loss = await numberOf(activationPatternLoss(t, s, { sharpness: 100, reduction: 'sum' }));
    expect(loss / 100).toBeCloseTo(1, 4);
  });

  it('refuses a sharpness of 0 and names shapes that differ', () => {
    expect(() => activationPatternLoss(ones([2, 3]), ones([2, 3]), { sharpness: 0 })).toThrow(
      'Expected `sharpness` to be a number above 0, got 0.',
    );
    expect(() => activationPatternLoss(ones([2, 3]), ones([2, 4]))).toThrow(/linear 4 → 3/);
    expect(() => activationPattern({ student: 'a', teacher: 'a', sharpness: -1 })).toThrow(/`sharpness`/);
  });
});
