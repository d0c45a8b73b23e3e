import {
  add,
  cast,
  div,
  exp,
  logSoftmax,
  logSumExp,
  mean,
  mul,
  oneHot,
  randomNormal,
  type Scalar,
  softmax,
  sub,
  sum,
  type Tensor,
  tensor1d,
  tensor2d,
  zeros,
} from '@tensorflow/tfjs-core';
import { decoupledKd, decoupledKdLoss, type DecoupledKdOptions, kdLoss } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { distance, gradientOf, number, numbers } from './read.js';
import { describeRefusals } from './refusals.js';

describeGolden<DecoupledKdOptions>('dkd', ({ teacher, student, labels, weights }, options) =>
  decoupledKdLoss(teacher!, student!, labels!, { ...options, weights }),
);

const classes = (...numbers: number[]) => tensor1d(numbers, 'int32');

describeRefusals(
  'decoupledKdLoss',
  (t, s, weights) => decoupledKdLoss(t, s, classes(0, 1), { weights }),
  decoupledKd,
  [
    [{ alpha: -1 }, /`alpha` to be a number at least 0/],
    [{ beta: 'much' }, /`beta` to be a number at least 0/],
    [{ temperature: 0 }, /`temperature` to be a number above 0/],
  ],
);

const logits = (seed: number, shape = [4, 6]) => randomNormal(shape, 0, 3, 'float32', seed);

describe('decoupledKdLoss', () => {
  it('gives the value of its example', async () => {
    const [teacher, student] = [tensor2d([[2, 1, 0]]), tensor2d([[0, 1, 2]])];
    const loss = decoupledKdLoss(teacher, student, classes(0), { temperature: 1, beta: 1 });
    expect(await number(loss)).toBeCloseTo(1.4578, 4);
  });

  it('falls apart into what kdLoss is made of: TCKD + (1 − p_true) · NCKD', async () => {
    const [teacher, student, labels] = [logits(1, [1, 5]), logits(2, [1, 5]), classes(3)];
    const part = async (options: DecoupledKdOptions) =>
      number(decoupledKdLoss(teacher, student, labels, { temperature: 2, ...options }));
    const own = await number(sum(mul(softmax(mul(teacher, 0.5)), oneHot(labels, 5))));
    const whole = (await part({ beta: 0 })) + (1 - own) * (await part({ alpha: 0, beta: 1 }));
    expect(whole).toBeCloseTo(await number(kdLoss(teacher, student, { temperature: 2 })), 4);
  });

  it('reads one-hot labels as class numbers', async () => {
    const [teacher, student, labels] = [logits(1), logits(2), classes(3, 0, 5, 1)];
    const byNumber = await number(decoupledKdLoss(teacher, student, labels));
    expect(await number(decoupledKdLoss(teacher, student, oneHot(labels, 6)))).toBe(byNumber);
  });

  it('leaves out samples without a label', async () => {
    const [teacher, student] = [logits(1), logits(2)];
    const each = await numbers(decoupledKdLoss(teacher, student, classes(3, 0, 5, 1), { reduction: 'none' }));
    const some = await number(decoupledKdLoss(teacher, student, classes(3, -1, 5, -1)));
    expect(some).toBeCloseTo((each[0]! + each[2]!) / 2, 4);
  });

  it('is 0 where no sample has a label', async () => {
    const { value, gradient } = await gradientOf(
      (s) => decoupledKdLoss(logits(1), s, classes(-1, -1, -1, -1)),
      logits(2),
    );
    expect(value).toBe(0);
    expect(gradient.every((number) => number === 0)).toBe(true);
  });

  it('computes in one go what the formula gives op by op, value and gradient, to 1e-6', async () => {
    const [teacher, student, labels] = [logits(1), logits(2), classes(3, 0, 5, 1)];
    const [temperature, beta] = [2, 3];
    const target = cast(oneHot(labels, 6), 'float32');
    const side = (z: Tensor) => {
      const x = div(z, temperature);
      const apart = sub(x, mul(target, 1e3)); // e⁻¹⁰⁰⁰ is 0
      const logAll = logSumExp(x, -1);
      const own = sub(sum(mul(x, target), -1), logAll);
      return { own, rest: sub(logSumExp(apart, -1), logAll), others: logSoftmax(apart) };
    };
    const kl = (p: Tensor, q: Tensor) => mul(exp(p), sub(p, q));
    const composed = (s: Tensor): Scalar => {
      const [t, q] = [side(teacher), side(s)];
      const own = add(kl(t.own, q.own), kl(t.rest, q.rest));
      const others = sum(mul(kl(t.others, q.others), sub(1, target)), -1);
      return mul(mean(add(own, mul(others, beta))), temperature ** 2);
    };
    const wanted = await gradientOf(composed, student);
    const got = await gradientOf((s) => decoupledKdLoss(teacher, s, labels, { temperature, beta }), student);
    expect(Math.abs(got.value / wanted.value - 1)).toBeLessThan(1e-6);
    expect(distance(got.gradient, wanted.gradient)).toBeLessThan(1e-6);
  });

  it('refuses two classes, where the others are one', () => {
    expect(() => decoupledKdLoss(logits(1, [1, 2]), logits(2, [1, 2]), classes(0))).toThrow(
      'decoupledKdLoss: Expected `classes` to be at least 3, got 2. One other class is no distribution: use kdLoss.',
    );
  });

  it('names labels that do not fit, or are missing', () => {
    const [teacher, student] = [logits(1), logits(2)];
    expect(() => decoupledKdLoss(teacher, student, classes(0))).toThrow(
      /got `labels` \[1\] and `logits` \[4, 6\]/,
    );
    expect(() => decoupledKdLoss(teacher, student, zeros([4, 5]))).toThrow(/got `labels` \[4, 5\]/);
    expect(() => decoupledKdLoss(teacher, student, undefined as never)).toThrow(
      'Expected `labels` to be a tensor, got undefined. The method needs the true class of each sample.',
    );
  });
});
