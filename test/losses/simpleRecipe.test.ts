import {
  abs,
  add,
  log,
  mean,
  moments,
  mul,
  ones,
  pow,
  rsqrt,
  type Scalar,
  sub,
  sum,
  type Tensor,
  tensor2d,
} from '@tensorflow/tfjs-core';
import { simpleRecipe, simpleRecipeLoss, type SimpleRecipeOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { expectSame, normal, numberOf, prepare } from './featureRig.js';

describeGolden<SimpleRecipeOptions>('srd', ({ teacher, student, weights }, options) =>
  simpleRecipeLoss(teacher!, student!, { ...options, weights }),
);

describe('simpleRecipeLoss', () => {
  it('is 3.4656 for the example', async () => {
    const loss = simpleRecipeLoss(tensor2d([[0], [4]]), tensor2d([[4], [0]]));
    expect(await numberOf(loss)).toBeCloseTo(Math.log(32), 3);
  });

  it('equals its composition of kernels', async () => {
    const [t, s] = [normal([6, 5], 1), normal([6, 5], 2)];
    const normalized = (x: Tensor) => {
      const { variance } = moments(x, 0);
      return mul(sub(x, mean(x, 0)), rsqrt(add(variance, 1e-4)));
    };
    await expectSame(
      (x) => simpleRecipeLoss(t, x),
      (x) => log<Scalar>(add(sum(pow(abs(sub(normalized(x), normalized(t))), 4)), 1e-5)),
      s,
    );
  });

  it('is log 1e-5 for identical features and does not see scale and offset', async () => {
    const t = normal([6, 5], 1);
    expect(await numberOf(simpleRecipeLoss(t, t))).toBeCloseTo(Math.log(1e-5), 3);
    expect(await numberOf(simpleRecipeLoss(t, add(mul(t, 2), 1)))).toBeCloseTo(Math.log(1e-5), 2);
  });

  it('refuses an exponent below 1 and names shapes that differ', () => {
    expect(() => simpleRecipeLoss(ones([2, 3]), ones([2, 3]), { exponent: 0.5 })).toThrow(
      'Expected `exponent` to be a number of at least 1, got 0.5.',
    );
    expect(() => simpleRecipeLoss(ones([2, 3]), ones([2, 4]))).toThrow(/linear 4 → 3/);
  });
});

describe('simpleRecipe', () => {
  it('projects vectors of the same length too', () => {
    const criterion = prepare(
      simpleRecipe({ student: 'a', teacher: 'b' }),
      { a: [null, 4] },
      { b: [null, 4] },
    );
    expect(criterion.variables?.map(({ shape }) => shape)).toEqual([[4, 4], [4]]);
    criterion.dispose?.();
  });

  it('refuses an exponent below 1', () => {
    expect(() => simpleRecipe({ student: 'a', teacher: 'a', exponent: 0 })).toThrow(/`exponent`.*got 0/);
  });
});
