import { type NamedTensorMap, scalar, type Tensor, tensor1d, train } from '@tensorflow/tfjs-core';
import {
  addWeighted,
  clipGlobalNorm,
  clipGradientNorms,
  clipGradientValues,
  globalNorm,
  gradientAccumulation,
  gradientClipping,
  type FitOptions,
  type Plugin,
  prepareCompression,
  termDiagnostics,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mlp, problem, weightsOf } from '../../fixtures/models.js';

const numbers = async (tensor: Tensor | undefined) => [...(await tensor!.data())];
const vector = fc.array(fc.float({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 6 });

describe('clipping', () => {
  it('bounds each number', async () => {
    const { w } = clipGradientValues({ w: tensor1d([3, -0.5, -7]) }, 1);
    expect(await numbers(w)).toEqual([1, -0.5, -1]);
  });

  it('bounds each norm and keeps its direction', async () => {
    const { w, b } = clipGradientNorms({ w: tensor1d([3, 4]), b: tensor1d([0.3]) }, 1);
    expect((await numbers(w)).map((value) => value.toFixed(4))).toEqual(['0.6000', '0.8000']);
    expect(await numbers(b)).toEqual([Math.fround(0.3)]);
  });

  it('bounds the norm of all together', async () => {
    const { a, b } = clipGlobalNorm({ a: tensor1d([3]), b: tensor1d([4]) }, 1);
    expect([...(await numbers(a)), ...(await numbers(b))].map((value) => value.toFixed(4))).toEqual([
      '0.6000',
      '0.8000',
    ]);
  });

  it('never goes above the limit, and leaves alone what is below', async () => {
    await fc.assert(
      fc.asyncProperty(
        vector,
        fc.float({ min: Math.fround(0.1), max: 100, noNaN: true }),
        async (values, limit) => {
          const grads = { w: tensor1d(values, 'float32') };
          const norm = Math.hypot(...values.map(Math.fround));
          const { w } = clipGlobalNorm(grads, limit);
          const clipped = await numbers(w);
          expect(Math.hypot(...clipped)).toBeLessThanOrEqual(limit * (1 + 1e-5));
          const whole = values.map(Math.fround).map((value) => (Math.abs(value) < 2 ** -126 ? 0 : value)); // engines may flush denormals
          const kept = clipped.map((value) => (Math.abs(value) < 2 ** -126 ? 0 : value));
          if (norm < limit * 0.999) expect(kept.map((x) => x + 0)).toEqual(whole.map((x) => x + 0));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is 0 for gradients of 0, and for no gradients at all', async () => {
    expect(await numbers(clipGlobalNorm({ w: tensor1d([0, 0]) }, 1)['w'])).toEqual([0, 0]);
    expect(await numbers(globalNorm({}))).toEqual([0]);
  });

  it('wants a limit', () => {
    expect(() => gradientClipping({})).toThrow(
      'Expected `value, norm, globalNorm` to be at least one number above 0',
    );
    expect(() => gradientClipping({ norm: -1 })).toThrow('Expected `norm` to be');
  });

  it('bounds the step that sgd makes', async () => {
    const before = await fitted({ epochs: 1 }, [], 0);
    const after = await fitted({ epochs: 1, batchSize: 100 }, [gradientClipping({ globalNorm: 0.01 })], 1);
    const moved = Math.hypot(...after.flat().map((value, i) => value - before.flat()[i]!));
    expect(moved).toBeLessThanOrEqual(0.0101);
    expect(moved).toBeGreaterThan(0.009);
  });
});

/** Weights of a student after some training by sgd. */
async function fitted(options: FitOptions, plugins: Plugin[], rate = 0.1): Promise<number[][]> {
  const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
  const manager = prepareCompression(student, {
    teacher,
    criterion: knowledgeDistillation({ temperature: 2 }),
    optimizer: train.sgd(rate),
    plugins,
  });
  try {
    await manager.fit(problem(24), { shuffle: false, ...options });
    return await weightsOf(student);
  } finally {
    [manager, teacher, student].forEach((part) => void part.dispose());
  }
}

describe('gradientAccumulation', () => {
  it('adds weighted sums', async () => {
    const [sum] = addWeighted([tensor1d([1])], [tensor1d([3])], 2);
    expect(await numbers(sum)).toEqual([7]);
    expect(await numbers(addWeighted([], [scalar(3)], 2)[0])).toEqual([6]);
  });

  it.each([
    ['equal batches', 6, 4],
    ['a last batch that is smaller', 10, 3],
  ])('moves the weights as one large batch does, with %s', async (_, batchSize, steps) => {
    const large = await fitted({ batchSize: 24, epochs: 2 }, []);
    const small = await fitted({ batchSize, epochs: 2 }, [gradientAccumulation({ steps })]);
    small.flat().forEach((value, i) => expect(value).toBeCloseTo(large.flat()[i]!, 5));
    expect(small).not.toEqual(await fitted({ batchSize, epochs: 2 }, []));
  });

  it('lets the optimizer rest in between, and clips what is applied', async () => {
    const seen: number[] = [];
    const counter: Plugin = {
      name: 'counter',
      onAfterOptimizerStep: ({ globalStep }) => void seen.push(globalStep),
    };
    const sizes: number[] = [];
    const sizer: Plugin = {
      name: 'sizer',
      onBeforeOptimizerStep: (grads: NamedTensorMap) => void sizes.push(Object.keys(grads).length),
    };
    await fitted({ batchSize: 4 }, [counter, sizer, gradientAccumulation({ steps: 3 })]);
    expect(seen).toEqual([2, 5]);
    expect(sizes).toEqual([0, 0, 4, 0, 0, 4]);
  });
});

describe('termDiagnostics', () => {
  it('tells of each term its weight, weighted value and gradient, which add up to the whole', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    let whole = NaN;
    const norms: Promise<unknown>[] = [];
    const spy: Plugin = {
      name: 'spy',
      onBeforeOptimizerStep: (grads) => {
        const norm = globalNorm(grads);
        norms.push(norm.data().then(([value]) => (whole = value!)));
      },
    };
    const manager = prepareCompression(student, {
      teacher,
      criterion: knowledgeDistillation({ temperature: 2, alpha: 0.25 }),
      optimizer: train.sgd(0.1),
      plugins: [termDiagnostics({ every: 1 }), spy],
    });
    const [row] = (await manager.fit(problem(8), { batchSize: 8 })).epochs;
    await Promise.all(norms);
    expect(row!['task.weight']).toBe(0.25);
    expect(row!['kd.weight']).toBe(0.75);
    expect(row!['kd.weighted']).toBeCloseTo(0.75 * row!['kd']!, 6);
    expect(row!['task.weighted']! + row!['kd.weighted']!).toBeCloseTo(row!['loss']!, 5);
    // the triangle of the two gradients and their sum
    const [task, kd] = [row!['task.gradient']!, row!['kd.gradient']!];
    expect(whole).toBeLessThanOrEqual(task + kd + 1e-6);
    expect(whole).toBeGreaterThanOrEqual(Math.abs(task - kd) - 1e-6);
    expect(Math.min(task, kd)).toBeGreaterThan(1e-3);
    [manager, teacher, student].forEach((part) => void part.dispose());
  });

  it('is the whole gradient where there is one term, and 0 for a term of weight 0', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const manager = prepareCompression(student, {
      teacher,
      criterion: knowledgeDistillation({ alpha: 0 }),
      plugins: [{ type: 'term-diagnostics', every: 2 }],
    });
    const [row] = (await manager.fit(problem(24), { batchSize: 8 })).epochs;
    expect(row!['task.gradient']).toBe(0);
    expect(row!['kd.gradient']).toBeGreaterThan(0);
    [manager, teacher, student].forEach((part) => void part.dispose());
  });

  it('does not change the training', async () => {
    const looked = (await fitted({ batchSize: 4 }, [termDiagnostics({ every: 1 })])).flat();
    const plain = (await fitted({ batchSize: 4 }, [])).flat();
    looked.forEach((weight, i) => expect(weight).toBeCloseTo(plain[i]!, 5)); // compiled or eager
  });
});
