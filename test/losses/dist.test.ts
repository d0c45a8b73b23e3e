import {
  add,
  concat,
  div,
  mean,
  mul,
  randomNormal,
  type Scalar,
  slice,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tensor1d,
  tensor2d,
} from '@tensorflow/tfjs-core';
import { dist, distLoss, type DistOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { distance, gradientOf, number } from './read.js';
import { describeRefusals } from './refusals.js';

describeGolden<DistOptions>(
  'dist',
  ({ teacher, student }, options) => distLoss(teacher!, student!, options),
  {
    grads: { student: { atol: 5e-6 } }, // two samples always correlate fully: what is left of their part is rounding
  },
);

describeRefusals('distLoss', (t, s, weights) => distLoss(t, s, { weights }), dist, [
  [{ beta: -1 }, /`beta` to be a number at least 0/],
  [{ gamma: -1 }, /`gamma` to be a number at least 0/],
  [{ temperature: 0 }, /`temperature` to be a number above 0/],
]);

const logits = (seed: number, shape = [5, 6]) => randomNormal(shape, 0, 2, 'float32', seed);

describe('distLoss', () => {
  it('gives the value of its example', async () => {
    const [a, b] = [[0, 9] as const, [9, 0] as const];
    expect(await number(distLoss(tensor2d([[...a], [...b]]), tensor2d([[...b], [...a]])))).toBeCloseTo(4, 4);
  });

  it('computes in one go what the formula gives op by op, value and gradient, to 1e-6', async () => {
    const [teacher, student, temperature] = [logits(1), logits(2), 2];
    const away = (a: Tensor, b: Tensor, axis: number): Tensor => {
      const [x, y] = [sub(a, mean(a, axis, true)), sub(b, mean(b, axis, true))];
      const norms = mul(sqrt(sum(square(x), axis)), sqrt(sum(square(y), axis)));
      return sub(1, mean(div(sum(mul(x, y), axis), add(norms, 1e-8))));
    };
    const composed = (s: Tensor): Scalar => {
      const [p, q] = [softmax(div(teacher, temperature)), softmax(div(s, temperature))];
      return mul(add(mul(away(p, q, 1), 3), away(p, q, 0)), temperature ** 2);
    };
    const wanted = await gradientOf(composed, student);
    const got = await gradientOf((s) => distLoss(teacher, s, { beta: 3, temperature }), student);
    expect(Math.abs(got.value / wanted.value - 1)).toBeLessThan(1e-6);
    expect(distance(got.gradient, wanted.gradient)).toBeLessThan(2e-6);
  });

  it('has no relations among samples where there is one', async () => {
    const [teacher, student] = [logits(1, [1, 4]), logits(2, [1, 4])];
    const both = await number(distLoss(teacher, student));
    expect(both).toBe(await number(distLoss(teacher, student, { gamma: 0 })));
  });

  it('reads weights as how often a sample is there', async () => {
    const [teacher, student] = [logits(1, [3, 4]), logits(2, [3, 4])];
    const twice = (z: Tensor) => concat([z, slice(z, [2, 0], [1, 4])]);
    const weighted = distLoss(teacher, student, { weights: tensor1d([1, 1, 2]) });
    expect(await number(weighted)).toBeCloseTo(await number(distLoss(twice(teacher), twice(student))), 5);
  });

  it.each([{ beta: -1 }, { gamma: NaN }])('refuses %j', (options) => {
    expect(() => distLoss(logits(1), logits(2), options)).toThrow(/to be a number from 0 to Infinity/);
  });
});
