import {
  div,
  gather,
  logSoftmax,
  randomNormal,
  reshape,
  type Tensor,
  tensor,
  tensor1d,
  tensor2d,
  topk,
} from '@tensorflow/tfjs-core';
import { kdLoss, topKKl, topKKlLoss, type TopKKlOptions, type TopLogProbs } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { describeGolden } from '../parity/golden.js';
import { distance, gradientOf, number, numbers } from './read.js';
import { describeRefusals } from './refusals.js';

describeGolden<TopKKlOptions>('top-k-kl', ({ teacher, student, weights }, options) =>
  topKKlLoss(teacher!, student!, { ...options, weights }),
);

describeRefusals('topKKlLoss', (t, s, weights) => topKKlLoss(t, s, { weights }), topKKl, [
  [{ k: 0 }, /`k` to be a number at least 1/],
  [{ k: 2.5 }, /`k` to be a whole number/],
  [{ tail: 'zero' }, /`tail` to be one of "renormBoth", "teacherOnly", "tailBucket"/],
]);

const logits = (seed: number, shape = [4, 6]) => randomNormal(shape, 0, 2, 'float32', seed);

/** What a store would keep of a teacher. */
function stored(teacher: Tensor, k: number, temperature: number): TopLogProbs {
  const { values, indices } = topk(logSoftmax(div(teacher, temperature)), k);
  return { logProbs: values, indices, temperature };
}

describe('topKKlLoss', () => {
  it('gives the value of its example', async () => {
    const [teacher, student] = [tensor2d([[2, 1, 0]]), tensor2d([[0, 1, 2]])];
    expect(await number(topKKlLoss(teacher, student, { k: 2, tail: 'renormBoth' }))).toBeCloseTo(0.4621, 4);
  });

  it.each(['renormBoth', 'teacherOnly', 'tailBucket'] as const)(
    'is the whole divergence with %s where k reaches all classes',
    async (tail) => {
      const [teacher, student] = [logits(1), logits(2)];
      const loss = await number(topKKlLoss(teacher, student, { k: 99, tail, temperature: 2 }));
      expect(loss).toBeCloseTo(await number(kdLoss(teacher, student, { temperature: 2 })), 5);
    },
  );

  it.each(['renormBoth', 'teacherOnly', 'tailBucket'] as const)(
    'gives the same, value and gradient, from stored outputs with %s',
    async (tail) => {
      const [teacher, student] = [logits(1, [2, 3, 8]), logits(2, [2, 3, 8])];
      const options = { k: 3, tail, temperature: 2 };
      const dense = await gradientOf((s) => topKKlLoss(teacher, s, options), student);
      const sparse = await gradientOf((s) => topKKlLoss(stored(teacher, 3, 2), s, options), student);
      expect(sparse.value).toBeCloseTo(dense.value, 5);
      expect(distance(sparse.gradient, dense.gradient)).toBeLessThan(1e-5);
    },
  );

  it.each(['renormBoth', 'teacherOnly'] as const)(
    'softens stored outputs further with %s, whatever temperature they were taken at',
    async (tail) => {
      const [teacher, student] = [logits(1), logits(2)];
      const options = { k: 3, tail, temperature: 4 };
      const loss = await number(topKKlLoss(stored(teacher, 3, 1), student, options));
      expect(loss).toBeCloseTo(await number(topKKlLoss(teacher, student, options)), 4);
    },
  );

  it('has the logarithm of what falls to the teacher’s classes as its floor with teacherOnly', async () => {
    const teacher = tensor2d([[1, 0, 0, -1]]);
    const kept = (await numbers(gather(reshape(logSoftmax(teacher), [-1]), tensor1d([0, 1], 'int32')))).map(
      Math.exp,
    );
    const loss = await number(topKKlLoss(teacher, teacher, { k: 2, tail: 'teacherOnly' }));
    expect(loss).toBeCloseTo(-Math.log(kept[0]! + kept[1]!), 5);
  });

  it('lets the student’s tail move freely with renormBoth only', async () => {
    const teacher = tensor2d([[3, 2, 0, -1]]);
    const tails = tensor2d([[3, 2, 5, 5]]);
    const of = (tail: TopKKlOptions['tail']) => number(topKKlLoss(teacher, tails, { k: 2, tail: tail! }));
    expect(await of('renormBoth')).toBeCloseTo(0, 6);
    expect(await of('teacherOnly')).toBeGreaterThan(1);
    expect(await of('tailBucket')).toBeGreaterThan(1);
  });

  it('counts k classes where several are equally likely', async () => {
    const loss = topKKlLoss(tensor2d([[1, 1, 1, 1]]), tensor2d([[1, 1, 1, 1]]), {
      k: 2,
      tail: 'teacherOnly',
    });
    expect(await number(loss)).toBeCloseTo(Math.LN2, 5);
  });

  it('refuses a tail bucket at another temperature than the stored one', () => {
    expect(() => topKKlLoss(stored(logits(1), 2, 1), logits(2), { temperature: 2 })).toThrow(
      'topKKlLoss: Expected `temperature` to be 1, that of the stored outputs, got 2. Train at the temperature that was stored, or choose another `tail`.',
    );
  });

  it('names the shapes of stored outputs that do not fit', () => {
    const teacher = { ...stored(logits(1), 2, 1) };
    expect(() => topKKlLoss(teacher, logits(2, [3, 6]))).toThrow(
      /got `logProbs` \[4, 2\] and `studentLogits` \[3, 6\]/,
    );
    const indices = tensor([1, 2], [1, 2], 'int32');
    expect(() => topKKlLoss({ ...teacher, indices }, logits(2))).toThrow(
      /got `indices` \[1, 2\] and `logProbs` \[4, 2\]/,
    );
  });

  it('refuses a k that is no whole number above 0', () => {
    expect(() => topKKlLoss(logits(1), logits(2), { k: 0 })).toThrow(
      '`k` to be a whole number above 0, got 0.',
    );
  });
});
