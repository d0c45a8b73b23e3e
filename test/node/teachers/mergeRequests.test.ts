import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PortValues } from '../../../packages/node/src/teachers/ModelRuntime.js';
import {
  mergeRequests,
  type MergeOptions,
} from '../../../packages/node/src/teachers/remote/mergeRequests.js';
import { RequestError } from '../../../packages/node/src/teachers/remote/RequestError.js';

/** A model that doubles: it notes how many samples each request has, and how many are under way at most. */
function doubling(
  options: MergeOptions,
  refuses: (values: readonly number[]) => Error | undefined = () => undefined,
) {
  const [sizes, seen] = [[] as number[], { now: 0, most: 0 }];
  const infer = mergeRequests(async ([x]) => {
    const { shape, values } = x!;
    sizes.push(shape[0]!);
    seen.most = Math.max(seen.most, ++seen.now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    seen.now -= 1;
    const refusal = refuses(Array.from(values));
    if (refusal !== undefined) throw refusal;
    return [{ name: 'y', datatype: 'FP32', shape, values: Array.from(values, (value) => 2 * value) }];
  }, options);
  return { infer, sizes, seen };
}

const input = (values: readonly number[], name = 'x', width = 1): PortValues => ({
  name,
  datatype: 'FP32',
  shape: [values.length / width, width],
  values: Float32Array.from(values),
});

const ask = async (infer: ReturnType<typeof mergeRequests>, values: readonly number[], outputs = ['y']) => {
  const [y] = await infer([input(values)], outputs);
  expect(y!.shape).toEqual([values.length, 1]);
  return Array.from(y!.values);
};

describe('mergeRequests', () => {
  it('gives each its own rows, in requests that are neither too large nor too many', async () => {
    const rows = fc.array(fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 1, maxLength: 6 }), {
      minLength: 1,
      maxLength: 20,
    });
    const options = fc.record({
      batchSize: fc.integer({ min: 6, max: 12 }),
      concurrency: fc.integer({ min: 1, max: 3 }),
      window: fc.constantFrom(0, 2),
    });
    await fc.assert(
      fc.asyncProperty(rows, options, async (asks, settings) => {
        const { infer, sizes, seen } = doubling(settings);
        const answers = await Promise.all(asks.map((values) => ask(infer, values)));
        expect(answers).toEqual(asks.map((values) => values.map((value) => 2 * value)));
        expect(Math.max(...sizes)).toBeLessThanOrEqual(settings.batchSize);
        expect(seen.most).toBeLessThanOrEqual(settings.concurrency);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(asks.flat().length);
      }),
      { numRuns: 40 },
    );
  });

  it('sends what is asked at one moment as one request', async () => {
    const { infer, sizes } = doubling({ batchSize: 32, concurrency: 4 });
    await Promise.all(Array.from({ length: 8 }, (_, i) => ask(infer, [i, i, i, i])));
    expect(sizes).toEqual([32]);
  });

  it('lets a small ask wait for others, but not once the request is full', async () => {
    const { infer, sizes } = doubling({ batchSize: 4, concurrency: 4, window: 60_000 });
    const first = ask(infer, [1, 2]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sizes).toEqual([]);
    const second = ask(infer, [3, 4]);
    expect(await first).toEqual([2, 4]);
    expect(await second).toEqual([6, 8]);
    expect(sizes).toEqual([4]);
  });

  it('sends a lone ask when its window is over', async () => {
    const { infer } = doubling({ batchSize: 4, concurrency: 1, window: 30 });
    const start = performance.now();
    expect(await ask(infer, [1])).toEqual([2]);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
  });

  it('gathers what is asked while all requests are under way', async () => {
    const { infer, sizes } = doubling({ batchSize: 32, concurrency: 1 });
    const first = ask(infer, [0]);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await Promise.all([first, ...Array.from({ length: 5 }, (_, i) => ask(infer, [i]))]);
    expect(sizes).toEqual([1, 5]);
  });

  it('sends an ask that is larger than a request as it is', async () => {
    const { infer, sizes } = doubling({ batchSize: 2, concurrency: 1 });
    expect(await ask(infer, [1, 2, 3])).toEqual([2, 4, 6]);
    expect(sizes).toEqual([3]);
  });

  it('does not put together what wants other outputs or has another shape', async () => {
    const { infer, sizes } = doubling({ batchSize: 32, concurrency: 4 });
    await Promise.all([
      ask(infer, [1]),
      ask(infer, [1], ['z']),
      infer([input([1, 2], 'x', 2)], ['y']),
      ask(infer, [3]),
    ]);
    expect(sizes).toEqual([2, 1, 1]);
  });

  it('refuses only the wrong one of several that went together', async () => {
    const refusal = new RequestError('HTTP status 400.', false);
    const { infer, sizes } = doubling({ batchSize: 32, concurrency: 1 }, (values) =>
      values.includes(13) ? refusal : undefined,
    );
    const answers = await Promise.allSettled([ask(infer, [1]), ask(infer, [13]), ask(infer, [3])]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(sizes).toEqual([3, 1, 1, 1]);
  });

  it('fails all that went together when the server is away, and serves the next', async () => {
    let away = true;
    const { infer, sizes } = doubling({ batchSize: 32, concurrency: 1 }, () =>
      away ? new RequestError('No answer.', true) : undefined,
    );
    const answers = await Promise.allSettled([ask(infer, [1]), ask(infer, [2])]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    away = false;
    expect(await ask(infer, [3])).toEqual([6]);
    expect(sizes).toEqual([2, 1]);
  });

  it('asks each by itself where a merged answer has too few rows', async () => {
    const sizes: number[] = [];
    const infer = mergeRequests(
      async ([x]) => {
        sizes.push(x!.shape[0]!);
        return [{ name: 'y', datatype: 'FP32', shape: [1, 1], values: [2 * x!.values[0]!] }];
      },
      { batchSize: 8, concurrency: 1 },
    );
    expect(await Promise.all([ask(infer, [1]), ask(infer, [2])])).toEqual([[2], [4]]);
    expect(sizes).toEqual([2, 1, 1]);
  });

  it('keeps whole numbers above 2²⁴', async () => {
    const large = { name: 'x', datatype: 'INT32', shape: [1, 1], values: Int32Array.of(2 ** 24 + 1) };
    let seen: ArrayLike<number> = [];
    const infer = mergeRequests(
      async ([x]) => {
        seen = x!.values;
        return [{ ...x!, name: 'y' }];
      },
      { batchSize: 8, concurrency: 1 },
    );
    await Promise.all([infer([large], ['y']), infer([large], ['y'])]);
    expect(Array.from(seen)).toEqual([2 ** 24 + 1, 2 ** 24 + 1]);
  });
});
