import { softmax, mul, tensor, type Tensor } from '@tensorflow/tfjs-core';
import {
  memoryTeacherStore,
  rowBytes,
  type StoreHeader,
  storeHeader,
  type StoreHeaderInput,
} from '@tfjs-distill/core';
import { topKKlLoss } from '@tfjs-distill/losses';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topLogProbs } from '../../../../packages/core/src/teacher/store/topLogProbs.js';

const base = { teacher: 't', dataset: 'd', classes: 6 };
const ids = Int32Array.of(3, 1, 2);
const logits = Float32Array.of(2, -1, 0.5, 7, -3, 0, 1, 1, 1, 1, 1, 1, -9, 9, 0, 4, 3.5, -2);

async function softened(values: Tensor, temperature: number): Promise<number[]> {
  return Array.from(await softmax(mul(values, 1 / temperature)).data());
}

async function read(header: StoreHeaderInput, wanted = ids) {
  const store = memoryTeacherStore(header, { ids, logits });
  return store.rows(wanted);
}

function expectNear(actual: readonly number[], wanted: readonly number[], tolerance: number): void {
  actual.forEach((value, i) => expect(Math.abs(value - (wanted[i] ?? NaN))).toBeLessThanOrEqual(tolerance));
}

describe('stored outputs', () => {
  it('come back bit for bit as float32 logits', async () => {
    const { logits: found } = await read({ ...base });
    expect(await found.data()).toEqual(logits);
    expect(found.shape).toEqual([3, 6]);
  });

  it.each<[string, Partial<StoreHeader>, number]>([
    ['float16 logits', { dtype: 'float16' }, 2e-3],
    ['probabilities', { kind: 'probabilities', temperature: 4 }, 1e-6],
    ['float16 probabilities', { kind: 'probabilities', dtype: 'float16', temperature: 4 }, 5e-4],
    ['top-k with all classes', { kind: 'topK', k: 6, temperature: 4 }, 1e-6],
    ['float16 top-k with all classes', { kind: 'topK', k: 6, dtype: 'float16', temperature: 4 }, 3e-3],
  ])('soften to the same distributions at their temperature: %s', async (_, part, tolerance) => {
    const { logits: found } = await read({ ...base, ...part });
    const temperature = part.temperature ?? 1;
    expectNear(
      await softened(found, temperature),
      await softened(tensor(logits, [3, 6]), temperature),
      tolerance,
    );
  });

  it('of the top two classes have their probabilities, and the rest of the mass evenly', async () => {
    const header = { ...base, kind: 'topK', k: 2, temperature: 2 } as const;
    const { logits: found, top } = await read(header);
    const truth = await softened(tensor(logits, [3, 6]), 2);
    const got = await softened(found, 2);
    for (let row = 0; row < 3; row++) {
      const wanted = truth.slice(6 * row, 6 * row + 6);
      const order = wanted.map((_, c) => c).sort((a, b) => (wanted[b] ?? 0) - (wanted[a] ?? 0) || a - b);
      const rest = order.slice(2).reduce((sum, c) => sum + (wanted[c] ?? 0), 0) / 4;
      const expected = wanted.map((p, c) => (order.indexOf(c) < 2 ? p : rest));
      expectNear(got.slice(6 * row, 6 * row + 6), expected, 1e-6);
    }
    expect(await top?.indices.array()).toEqual([
      [3, 0],
      [0, 1],
      [1, 3],
    ]);
    expect(top?.temperature).toBe(2);
  });

  it('of the top classes train alike dense and sparse', async () => {
    const { logits: dense, top } = await read({ ...base, kind: 'topK', k: 2, temperature: 2 });
    const student = tensor([1, 0, 0, 2, 1, -1, 0, 2, 1, 0, 3, 1, 1, 0, 0, 0, 2, 1], [3, 6]);
    const options = { k: 2, temperature: 2 };
    const sparse = await topKKlLoss(top!, student, options).data();
    expectNear([...(await topKKlLoss(dense, student, options).data())], [...sparse], 1e-5);
  });

  it('may have positions between sample and class, and features', async () => {
    const header = { ...base, classes: 3, positions: [2], features: { hint: [2, 1] } };
    const features = { hint: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const store = memoryTeacherStore(header, { ids, logits, features });
    const { logits: found, features: tapped } = await store.rows(Int32Array.of(2, 3), ['hint']);
    expect(found.shape).toEqual([2, 2, 3]);
    expect(await found.data()).toEqual(Float32Array.of(...logits.subarray(12), ...logits.subarray(0, 6)));
    expect(await tapped['hint']?.array()).toEqual([
      [[5], [6]],
      [[1], [2]],
    ]);
    expect(Object.keys((await store.rows(ids)).features)).toEqual([]);
  });

  it('of 16 classes among 1,000 take 72 bytes', () => {
    const header = storeHeader({ ...base, classes: 1000, kind: 'topK', k: 16, dtype: 'float16' });
    expect(rowBytes(header)).toBe(72);
  });

  it.each<[string, StoreHeaderInput, Float32Array, RegExp]>([
    ['too few logits', base, logits.slice(1), /`logits` to have 6 numbers for each of 3 samples, got 17/],
    ['NaN', base, logits.map((v, i) => (i === 8 ? NaN : v)), /`logits` to be finite, got NaN for sample 1/],
    [
      'a logit beyond float16',
      { ...base, dtype: 'float16' },
      logits.map((v, i) => (i === 13 ? 7e4 : v)),
      /fit float16, at most 65504, got 70000 for sample 2/,
    ],
    [
      'a missing feature',
      { ...base, features: { hint: [1] } },
      logits,
      /`features.hint` to have 1 numbers .* got none/,
    ],
  ])('refuse %s', (_, header, values, message) => {
    expect(() => memoryTeacherStore(header, { ids, logits: values })).toThrow(message);
  });
});

describe('storeHeader', () => {
  it.each<[object, RegExp]>([
    [{ kind: 'topK' }, /Expected `k` to be given for `topK`/],
    [{ k: 2 }, /Expected `k` to be left out/],
    [{ kind: 'topK', k: 7 }, /Expected `k` to be at most 6/],
    [{ temperature: 2 }, /Expected `temperature` to be 1/],
    [{ classes: 0 }, /Expected `classes` to be a whole number above 0, got 0/],
    [{ kind: 'top-k' }, /Expected `kind` to be one of/],
    [{ tempreature: 2 }, /Unknown option "tempreature". Did you mean "temperature"/],
  ])('refuses %j', (part, message) => {
    expect(() => storeHeader({ ...base, ...part })).toThrow(message);
  });
});

describe('topLogProbs', () => {
  it('is what sorting all of log softmax gives', () => {
    const rows = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(rows, fc.nat(11), fc.constantFrom(0.5, 1, 4), (row, last, temperature) => {
        const k = (last % row.length) + 1;
        const scores = Float32Array.from(row);
        const largest = Math.max(...scores);
        const all = scores.reduce((sum, z) => sum + Math.exp((z - largest) / temperature), 0);
        const wanted = Array.from(scores, (z, c) => ({
          c,
          z,
          p: (z - largest) / temperature - Math.log(all),
        })).sort((a, b) => b.z - a.z || a.c - b.c);
        const found = topLogProbs(scores, { classes: row.length, k, temperature });
        expect([...found.classes]).toEqual(wanted.slice(0, k).map(({ c }) => c));
        expectNear(
          [...found.logProbs],
          wanted.slice(0, k).map(({ p }) => p),
          1e-5,
        );
        const tail = wanted.slice(k).reduce((sum, { p }) => sum + Math.exp(p), 0);
        expect(Math.abs((found.tail[0] ?? NaN) - tail)).toBeLessThanOrEqual(1e-6 * tail + 1e-37);
      }),
    );
  });
});
