import {
  abs,
  add,
  div,
  log,
  max,
  memory,
  mul,
  ones,
  slice,
  softmax,
  sub,
  type Tensor,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  averageProbabilities,
  type Combination,
  ensemble,
  liveTeacher,
  prepareCompression,
  type TeacherSource,
} from '@tfjs-distill/core';
import { hint, kdLoss, knowledgeDistillation } from '@tfjs-distill/losses';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mlp, problem, weightsOf } from '../../fixtures/models.js';

const saying = (name: string, rows: number[][]): TeacherSource => ({
  ...liveTeacher(() => tensor2d(rows), { name }),
  signature: { output: [null, rows[0]?.length ?? 0], features: {} },
});

const rowsOf = async (tensor: Tensor) => (await tensor.array()) as number[][];

async function hear(source: TeacherSource) {
  const { logits, features } = await source.outputs({ x: ones([2, 1]) });
  return { rows: await rowsOf(logits), probabilities: await rowsOf(softmax(logits)), features };
}

const A = [
  [4, 0],
  [0, 1],
];
const B = [
  [0, 1],
  [6, 0],
];

describe('ensemble', () => {
  it('averages distributions by weight', async () => {
    const { probabilities } = await hear(
      ensemble([{ source: saying('a', A), weight: 3 }, { source: saying('b', B) }]),
    );
    const first = 0.75 * (1 / (1 + Math.exp(-4))) + 0.25 * (1 / (1 + Math.exp(1)));
    expect(probabilities[0]?.[0]).toBeCloseTo(first, 6);
  });

  it('averages logits by weight', async () => {
    const { rows } = await hear(
      ensemble([{ source: saying('a', A), weight: 3 }, saying('b', B)], { combine: 'logits' }),
    );
    expect(rows).toEqual([
      [3, 0.25],
      [1.5, 0.75],
    ]);
  });

  it('takes for each sample the surest teacher', async () => {
    const { rows } = await hear(ensemble([saying('a', A), saying('b', B)], { combine: 'confidence' }));
    expect(rows).toEqual([A[0], B[1]]);
  });

  it('gives the logits of each teacher under its name', async () => {
    const { features } = await hear(ensemble([saying('a', A), saying('b', B)]));
    expect(await rowsOf(features['a']!)).toEqual(A);
    expect(await rowsOf(features['b']!)).toEqual(B);
  });

  it('is the teacher itself where there is one, or equal ones, however combined', async () => {
    for (const combine of ['probabilities', 'logits', 'confidence'] as const) {
      const { probabilities } = await hear(ensemble([saying('a', A), saying('b', A)], { combine }));
      const alone = await rowsOf(softmax(tensor2d(A)));
      probabilities.flat().forEach((p, i) => expect(p).toBeCloseTo(alone.flat()[i]!, 6));
    }
  });

  it('leaks no tensor, also if one of the teachers fails', async () => {
    const failing = liveTeacher(
      async () => {
        await Promise.resolve();
        throw new Error('no power');
      },
      { name: 'b' },
    );
    const source = ensemble([saying('a', A), failing]);
    const before = memory().numTensors;
    await expect(source.outputs({ x: tidy(() => ones([2, 1])) })).rejects.toThrow('no power');
    expect(memory().numTensors).toBe(before + 1); // the input
  });

  it.each([
    ['a weight of 0', [{ source: saying('a', A), weight: 0 }], /weight` to be a number above 0, got 0/],
    ['a NaN weight', [{ source: saying('a', A), weight: NaN }], /weight` to be a number above 0/],
    ['two of one name', [saying('a', A), saying('a', B)], /Two teachers are called "a".*`name`/],
    ['none', [], /at least one teacher/],
    [
      'other classes',
      [saying('a', A), saying('b', [[1, 2, 3]])],
      /`a` \[null, 2\] and `b` \[null, 3\].*`classes`/,
    ],
  ])('refuses %s', (_, teachers, message) => {
    expect(() => ensemble(teachers)).toThrow(message);
  });

  it('names the combinations that there are', () => {
    expect(() => ensemble([saying('a', A)], { combine: 'logit' as Combination })).toThrow(
      /Did you mean "logits"/,
    );
  });

  it('refuses classes that differ only when the teachers answer', async () => {
    const unknown = (name: string, rows: number[][]) => liveTeacher(() => tensor2d(rows), { name });
    const source = ensemble([unknown('a', [[1, 2]]), unknown('b', [[1, 2, 3]])]);
    await expect(source.outputs({ x: ones([1, 1]) })).rejects.toThrow(/`a` \[1, 2\] and `b` \[1, 3\]/);
  });
});

describe('averageProbabilities', () => {
  const logits = fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 3, maxLength: 3 });
  const temperatures = fc.double({ min: 0.5, max: 8, noNaN: true });

  it('is exact at its own temperature', async () => {
    await fc.assert(
      fc.asyncProperty(logits, logits, temperatures, async (a, b, temperature) => {
        const error = tidy(() => {
          const soft = (z: Tensor) => softmax(div(z, temperature));
          const [first, second] = [tensor2d([a]), tensor2d([b])];
          const halves = [first, second].map((z) => ({ logits: z, weight: 0.5 }));
          const mean = mul(add(soft(first), soft(second)), 0.5);
          return max(abs(sub(soft(averageProbabilities(halves, temperature)), mean)));
        });
        expect((await error.data())[0]).toBeLessThan(1e-5);
        error.dispose();
      }),
      { numRuns: 50 },
    );
  });
});

describe('several teachers of a manager', () => {
  const teachers = () => [mlp(16, 1), mlp(12, 2)] as const;

  it('averages by weight the loss of each teacher alone', async () => {
    const [a, b] = teachers();
    const student = mlp(4, 9);
    const data = problem(8);
    const manager = prepareCompression(student, {
      teachers: [
        { source: a, weight: 3, name: 'a' },
        { source: b, name: 'b' },
      ],
      combine: 'perTeacherLoss',
      criterion: knowledgeDistillation({ temperature: 2, alpha: 0 }),
    });
    const own = student.predict(data.x) as Tensor;
    const alone = await Promise.all(
      [a, b].map(
        async (model) => (await kdLoss(model.predict(data.x) as Tensor, own, { temperature: 2 }).data())[0]!,
      ),
    );
    const { epochs } = await manager.fit(data, { batchSize: 8 });
    expect(epochs[0]?.['kd']).toBeCloseTo(0.75 * alone[0]! + 0.25 * alone[1]!, 5);
    expect(epochs[0]?.['kd/a']).toBeCloseTo(alone[0]!, 5);
    expect(epochs[0]?.['kd/b']).toBeCloseTo(alone[1]!, 5);
    manager.dispose();
    [a, b, student].forEach((model) => model.dispose());
  });

  it('trains as with one teacher where all are the same, however they are combined', async () => {
    const teacher = mlp(16, 1);
    const trained = async (combine?: Combination) => {
      const student = mlp(4, 9);
      const entries = ['a', 'b'].map((name) => ({ source: teacher, name }));
      const manager = prepareCompression(student, {
        ...(combine ? { teachers: entries, combine } : { teacher }),
        criterion: knowledgeDistillation({ temperature: 3 }),
      });
      await manager.fit(problem(32), { epochs: 2, batchSize: 8 });
      const weights = (await weightsOf(student)).flat();
      manager.dispose();
      student.dispose();
      return weights;
    };
    const alone = await trained();
    for (const combine of ['probabilities', 'logits', 'confidence', 'perTeacherLoss'] as const) {
      const together = await trained(combine);
      together.forEach((weight, i) => expect(weight).toBeCloseTo(alone[i]!, 4));
    }
    teacher.dispose();
  });

  it('taps a layer of one teacher by name, once, also where losses are per teacher', async () => {
    const [a, b] = teachers();
    const student = mlp(4, 9);
    const manager = prepareCompression(student, {
      teachers: [
        { source: a, name: 'a' },
        { source: b, name: 'b' },
      ],
      combine: 'perTeacherLoss',
      criterion: [hint({ student: 'hidden', teacher: 'b/hidden' }), knowledgeDistillation()],
    });
    const { epochs } = await manager.fit(problem(16));
    expect(Object.keys(epochs[0]!)).toEqual(expect.arrayContaining(['fitnet', 'kd', 'kd/a', 'kd/b']));
    expect(epochs[0]).not.toHaveProperty('fitnet/a');
    manager.dispose();
    [a, b, student].forEach((model) => model.dispose());
  });

  it('says which layers there are', () => {
    const [a, b] = teachers();
    const student = mlp(4, 9);
    const criterion = hint({ student: 'hidden', teacher: 'b/hiden' });
    const options = {
      teachers: [
        { source: a, name: 'a' },
        { source: b, name: 'b' },
      ],
      criterion,
    };
    expect(() => prepareCompression(student, options)).toThrow(/Did you mean "b\/hidden"/);
    [a, b, student].forEach((model) => model.dispose());
  });

  it('shows each teacher its own view of the batch', async () => {
    const seen: number[] = [];
    const size = (name: string) =>
      liveTeacher((x) => (seen.push((x as Tensor).shape[1] ?? 0), log(ones([8, 3]))), { name });
    const student = mlp(4, 9);
    const manager = prepareCompression(student, {
      teachers: [
        { source: size('small'), input: ({ x }) => slice(x as Tensor, [0, 0], [-1, 2]) },
        size('whole'),
      ],
      criterion: knowledgeDistillation(),
    });
    await manager.fit(problem(8));
    expect(seen).toEqual([2, 4]);
    manager.dispose();
    student.dispose();
  });

  it.each([
    [
      'both kinds',
      { teacher: () => ones([1, 3]), teachers: [() => ones([1, 3])] },
      /`teacher` or `teachers`, got both/,
    ],
    [
      'a combination of one',
      { teacher: () => ones([1, 3]), combine: 'logits' as const },
      /`combine` is for several teachers/,
    ],
    [
      'an unknown combination',
      { teachers: [() => ones([1, 3])], combine: 'mean' as never },
      /`combine` to be one of probabilities/,
    ],
    ['a teacher that is no list', { teachers: {} as never }, /`teachers` to be a list of teachers/],
  ])('refuses %s', (_, options, message) => {
    const student = mlp(4, 9);
    expect(() => prepareCompression(student, { ...options, criterion: knowledgeDistillation() })).toThrow(
      message,
    );
    student.dispose();
  });
});
