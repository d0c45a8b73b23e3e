import {
  abs,
  add,
  div,
  expandDims,
  eye,
  gather,
  matMul,
  mean,
  minimum,
  mul,
  ones,
  profile,
  randomNormal,
  type Scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tensor1d,
  tensor2d,
} from '@tensorflow/tfjs-core';
import { relational, relationalLoss, type RelationalOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { distance, gradientOf, number } from './read.js';

describeGolden<RelationalOptions>('rkd', ({ teacher, student, weights }, options) =>
  relationalLoss(teacher!, student!, { ...options, weights }),
);

const vectors = (batch: number, length: number, seed = 1): Tensor =>
  randomNormal([batch, length], 0, 1, 'float32', seed);

/** Op by op, by direct differences, as PyTorch's published form. */
function composed(teacher: Tensor, student: Tensor): Scalar {
  const itself = eye(student.shape[0]);
  const relations = (e: Tensor) => {
    const differences = sub(expandDims(e, 0), expandDims(e, 1)); // [i, j, d]: eⱼ − eᵢ
    const lengths = sqrt(add(sum(square(differences), 2), itself));
    const distances = mul(lengths, sub(1, itself));
    const units = div(differences, expandDims(lengths, 2));
    const others = student.shape[0] * (student.shape[0] - 1);
    return {
      distances: div(distances, div(sum(distances), others)),
      angles: matMul(units, units, false, true),
    };
  };
  const smooth = (difference: Tensor) => {
    const size = abs(difference);
    const small = minimum(size, 1);
    return mean(sub(mul(small, size), mul(square(small), 0.5)));
  };
  const [t, s] = [relations(teacher), relations(student)];
  return add<Scalar>(
    mul(25, smooth(sub(s.distances, t.distances))),
    mul(50, smooth(sub(s.angles, t.angles))),
  );
}

describe('relationalLoss', () => {
  it('is 0.0139 for the pair of its example', async () => {
    const [t, s] = [tensor2d([[0], [1], [2]]), tensor2d([[0], [1], [3]])];
    expect(await number(relationalLoss(t, s, { distance: 1, angle: 0 }))).toBeCloseTo(0.0139, 4);
  });

  it('computes in closed form what the formula gives op by op, value and gradient, to 1e-6', async () => {
    const [t, s] = [vectors(8, 6, 1), vectors(8, 5, 2)];
    const wanted = await gradientOf((x) => composed(t, x), s);
    const got = await gradientOf((x) => relationalLoss(t, x), s);
    expect(Math.abs(got.value / wanted.value - 1)).toBeLessThan(1e-6);
    expect(distance(got.gradient, wanted.gradient)).toBeLessThan(2e-6);
  });

  it('does not see a shift, a turn or a common factor', async () => {
    const t = vectors(6, 2);
    const turn = tensor2d([
      [0, 3],
      [-3, 0],
    ]);
    expect(await number(relationalLoss(t, add(matMul(t, turn), 7)))).toBeCloseTo(0, 5);
  });

  it('estimates the angles of a large batch by samples drawn from it, the same for the same seed', async () => {
    const [t, s] = [vectors(20, 4, 1), vectors(20, 4, 2)];
    const drawn = (seed: number) => number(relationalLoss(t, s, { distance: 0, angleSamples: 12, seed }));
    const whole = await number(relationalLoss(t, s, { distance: 0 }));
    const some = await Promise.all(Array.from({ length: 40 }, (_, seed) => drawn(seed)));
    expect(await drawn(1)).toBe(some[1]);
    expect(new Set(some).size).toBe(40);
    // fewer samples meet themselves more often, in 1 − (n − 1)(n − 2) / n² of the triplets
    const share = (n: number) => ((n - 1) * (n - 2)) / n ** 2;
    const average = some.reduce((total, x) => total + x, 0) / 40;
    expect(average / share(12) / (whole / share(20))).toBeCloseTo(1, 1);
  });

  it('sends the angles’ gradient to the samples that were drawn', async () => {
    const options = { distance: 0, angleSamples: 5 };
    const { gradient } = await gradientOf(
      (s) => relationalLoss(vectors(9, 4, 1), s, options),
      vectors(9, 4, 2),
    );
    const rows = Array.from({ length: 9 }, (_, i) => gradient.slice(i * 4, i * 4 + 4));
    expect(rows.filter((row) => row.some((x) => x !== 0)).length).toBe(5);
  });

  it('stays of ordinary size, value and gradient, where two samples are the same', async () => {
    const twice = gather(vectors(6, 4), tensor1d([0, 0, 1, 2, 3, 3], 'int32'));
    const { value, gradient } = await gradientOf((s) => relationalLoss(vectors(6, 4, 2), s), add(twice, 100));
    expect(value).toBeLessThan(100);
    expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1000);
  });

  it('makes no tensor larger than batch³, however long the vectors', async () => {
    const [t, s] = [vectors(8, 1000, 1), vectors(8, 1000, 2)];
    const { kernels } = await profile(() => relationalLoss(t, s));
    const sizes = kernels.flatMap(({ outputShapes }) =>
      outputShapes.map((shape) => shape.reduce((product, length) => product * length, 1)),
    );
    expect(Math.max(...sizes)).toBe(8 * 1000); // the samples themselves; batch² · length would be 64 000
  });

  it('names both shapes where the numbers of samples differ', () => {
    expect(() => relationalLoss(ones([2, 3]), ones([4, 3]))).toThrow(/\[2, 3\].*\[4, 3\]/);
  });

  it('refuses options out of range', () => {
    const [t, s] = [ones([2, 3]), ones([2, 3])];
    expect(() => relationalLoss(t, s, { distance: -1 })).toThrow(
      'Expected `distance` to be a number of at least 0, got -1.',
    );
    expect(() => relationalLoss(t, s, { angleSamples: 2 })).toThrow('Expected `angleSamples`');
    expect(() => relational({ student: 'pool', teacher: ['a', 'b'] })).toThrow('as many student layers');
    expect(() => relational({ student: 'pool', teacher: 'pool', angle: -1 })).toThrow('Expected `angle`');
  });
});
