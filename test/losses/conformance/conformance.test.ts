import { readdirSync } from 'node:fs';
import {
  add,
  concat,
  dispose,
  fill,
  greater,
  memory,
  mul,
  reshape,
  scalar,
  type Tensor,
  tensor1d,
  tile,
  train,
  variable,
  type Variable,
  variableGrads,
  where,
} from '@tensorflow/tfjs-core';
import { type Batch, type Criterion, type CriterionFactory, prepareCompression } from '@tfjs-distill/core';
import { criteria, lossesModule } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { type Method, nameOf } from './Method.js';
import {
  batchOf,
  contextOf,
  modelsOf,
  numberOf,
  type Outputs,
  outputsOf,
  prepared,
  random,
  reordered,
} from './rig.js';

/** Every criterion of the library, some in several variants: each file of methods/ exports its lines. */
const files = readdirSync(new URL('./methods', import.meta.url)).map((file) => file.replace('.ts', ''));
const tables = await Promise.all(
  files.map((file) => import(`./methods/${file}.ts`) as Promise<{ methods: readonly Method[] }>),
);
const METHODS = tables.flatMap(({ methods }) => methods);

describe('the conformance table', () => {
  it('has every criterion', () => {
    expect(new Set(METHODS.map(({ factory }) => factory.type))).toEqual(new Set(Object.keys(criteria)));
  });
});

const named = (methods: readonly Method[]) => methods.map((method) => [nameOf(method), method] as const);
const OF_OUTPUTS = METHODS.filter(({ runsModels }) => runsModels === undefined);

describe.each(named(OF_OUTPUTS))('%s', (_, method) => {
  const { batch: size = 6, floor = 0 } = method;

  it.skipIf(typeof floor === 'string')(
    typeof floor === 'string'
      ? `has no floor for identical inputs: ${floor}`
      : `is ${floor} for a student that says what the teacher says`,
    async () => {
      const { teacher } = outputsOf(method, size, random);
      const [value] = await evaluate(method, [{ teacher, student: teacher }, batchOf(method, size)]);
      expect(Math.abs(value! - (floor as number))).toBeLessThanOrEqual(method.tolerance ?? 1e-5);
    },
  );

  it('is finite and not negative for random inputs, with a finite gradient that is not zero', async () => {
    const { value, student } = await gradients(
      method,
      outputsOf(method, size, random),
      batchOf(method, size),
    );
    expectFinite([value, ...student]);
    if (typeof floor === 'number') expect(value).toBeGreaterThanOrEqual(floor - 1e-6);
    expect(student.some((number) => number !== 0)).toBe(true);
  });

  it('stays finite, value and gradient, for outputs of ±1e4', async () => {
    const huge = (shape: number[], i: number) =>
      mul(where(greater(random(shape, i), 0), scalar(1), scalar(-1)), 1e4);
    const { value, student } = await gradients(method, outputsOf(method, size, huge), batchOf(method, size));
    expectFinite([value, ...student]);
  });

  it.each([0, 1])('stays finite, value and gradient, where every output is %d', async (level) => {
    const constant = (shape: number[]) => fill(shape, level);
    const outputs = outputsOf(method, size, constant);
    const { value, student } = await gradients(method, outputs, batchOf(method, size));
    expectFinite([value, ...student]);
  });

  it.skipIf(method.noSingle)(
    `takes a batch of one${method.noSingle ? `: no, ${method.noSingle}` : ''}`,
    async () => {
      const { value, student } = await gradients(method, outputsOf(method, 1, random), batchOf(method, 1));
      expectFinite([value, ...student]);
    },
  );

  it('sends no gradient to the teacher', async () => {
    const { teacher } = await gradients(method, outputsOf(method, size, random), batchOf(method, size));
    expect(teacher.filter((number) => number !== 0)).toEqual([]);
  });

  it.skipIf(method.ordered)(
    `does not depend on the order of the batch${method.ordered ? `: it does, ${method.ordered}` : ''}`,
    async () => {
      const outputs = outputsOf(method, size, random);
      const batch = batchOf(method, size);
      const order = Array.from({ length: size }, (_, i) => (i * 5 + 1) % size); // a permutation where 5 ∤ size
      expect(new Set(order).size).toBe(size);
      const [value, other] = await evaluate(method, [outputs, batch], reordered(outputs, batch, order));
      expectNear(other!, value!);
    },
  );

  // where a sample's place in the batch matters, halves are no parts of the whole
  it.skipIf(method.ordered)(
    `says truly whether it compares the samples of a batch${method.ordered ? `: unknown, ${method.ordered}` : ''}`,
    async () => {
      const { criterion, dispose: done } = prepared(method);
      const { coupled = false } = criterion;
      done();
      const [first, second] = [1, 2].map((seed) => batchOf(method, size, seed)) as [Batch, Batch];
      const [a, b] = [0, 50].map((offset) =>
        outputsOf(method, size, (shape, i) => random(shape, i + offset)),
      ) as [Outputs, Outputs];
      const whole = [joined(a, b), joinedBatch(first, second)] as const;
      const [one = NaN, other = NaN, both = NaN] = await evaluate(method, [a, first], [b, second], whole);
      expect(near(both, (one + other) / 2)).toBe(!coupled);
    },
  );

  it.skipIf(method.unweighted)(
    `leaves out samples of weight 0, even of NaN${method.unweighted ? `: no, ${method.unweighted}` : ''}`,
    async () => {
      const outputs = outputsOf(method, size, random);
      const batch = batchOf(method, size);
      const kept = Array.from({ length: size - 1 }, (_, i) => i);
      const [some, someBatch] = reordered(outputs, batch, kept);
      const wanted = await gradients(method, some, someBatch);
      const poison = (tensor: Tensor) => poisoned(tensor, size);
      const hole = { teacher: map(outputs.teacher, poison), student: map(outputs.student, poison) };
      const got = await gradients(method, hole, { ...batch, weights: weightsOf(method, size) });
      expectNear(got.value, wanted.value);
      expectFinite(got.student);
    },
  );
});

describe.each(named(METHODS))('%s', (_, method) => {
  const { batch: size = 6, training = {}, runsModels } = method;

  if (runsModels !== undefined) it.skip(`is a loss of outputs given by hand: no, ${runsModels}`);

  it('is lowered by training on two batches, without leaving a tensor from step to step', async () => {
    const { epochs = 10, learningRate = 0.05 } = training;
    const models = modelsOf(method);
    const counts: number[] = [];
    const manager = prepareCompression(models.student, {
      teacher: models.teacher,
      criterion: method.factory(method.options),
      taskLoss: () => scalar(0),
      optimizer: train.adam(learningRate),
      plugins: [{ name: 'count', onStepBegin: () => void counts.push(memory().numTensors) }],
    });
    const batches = [batchOf(method, size, 1), batchOf(method, size, 2)];
    const terms: number[] = [];
    await manager.onTrainBegin({ epochs });
    for (let epoch = 0; epoch < epochs; epoch++) {
      await manager.onEpochBegin();
      for (const batch of batches) await manager.trainStep(batch);
      terms.push((await manager.onEpochEnd())[method.factory.type]!);
    }
    await manager.onTrainEnd();
    manager.dispose();
    models.dispose();
    expect(terms.at(-1)).toBeLessThan(terms[0]!);
    expect(counts.at(-1)).toBe(counts.at(-3)); // the same batch's step, an epoch apart
  });

  it('is the same after a trip through JSON, by its type', () => {
    const models = modelsOf(method);
    const criterion = method.factory(method.options);
    const json = JSON.stringify(criterion);
    expect(JSON.parse(json)).toEqual({ type: method.factory.type, ...method.options });
    const { type, ...options } = JSON.parse(json) as { type: keyof typeof criteria };
    const again = (criteria[type] as CriterionFactory)(options);
    expect(JSON.stringify(again)).toBe(json);
    const manager = prepareCompression(models.student, {
      teacher: models.teacher,
      criterion: JSON.parse(json) as { type: string },
      modules: [lossesModule],
    });
    manager.dispose();
    criterion.dispose?.();
    again.dispose?.();
    models.dispose();
  });

  it('asks for labels and ids where it needs them', async () => {
    const models = modelsOf(method);
    const criterion = method.factory(method.options);
    const { labels, ids } = criterion.requires ?? {};
    const manager = prepareCompression(models.student, { teacher: models.teacher, criterion });
    const { x, y } = batchOf(method, size);
    if (labels) await expect(manager.trainStep({ x })).rejects.toThrow(/labels/);
    if (ids) await expect(manager.trainStep({ x, y: y! })).rejects.toThrow(/id per sample/);
    if (!labels && !ids) await manager.trainStep({ x });
    manager.dispose();
    models.dispose();
  });
});

/** The terms that one criterion gives for several outputs. */
async function evaluate(method: Method, ...cases: readonly (readonly [Outputs, Batch])[]): Promise<number[]> {
  const { criterion, dispose: done } = prepared(method);
  const terms = cases.map(([outputs, batch]) => criterion.compute(contextOf(outputs, batch)));
  const values = await Promise.all(terms.map(numberOf));
  done();
  return values;
}

/** The term, and all numbers of its gradient by side; the criterion's own variables count as student. */
async function gradients(method: Method, outputs: Outputs, batch: Batch) {
  const { criterion, dispose: done } = prepared(method);
  const teacher = map(outputs.teacher, (tensor) => variable(tensor));
  const student = map(outputs.student, (tensor) => variable(tensor));
  const own = criterion.variables ?? [];
  try {
    const sides = { teacher: Object.values(teacher), student: [...Object.values(student), ...own] };
    const { value, grads } = gradientsOf(criterion, { teacher, student }, batch, sides);
    const numbers = async (variables: readonly Variable[]) => {
      const found = variables.flatMap(({ name }) => grads[name] ?? []);
      return (await Promise.all(found.map(async (grad) => [...(await grad.data())]))).flat();
    };
    return {
      value: await numberOf(value),
      teacher: await numbers(sides.teacher),
      student: await numbers(sides.student),
    };
  } finally {
    dispose([teacher, student] as never);
    done();
  }
}

function gradientsOf(
  criterion: Criterion,
  outputs: Outputs,
  batch: Batch,
  sides: { teacher: readonly Variable[]; student: readonly Variable[] },
) {
  return variableGrads(() => criterion.compute(contextOf(outputs, batch)), [
    ...sides.teacher,
    ...sides.student,
  ] as Variable[]);
}

function map<T extends Tensor>(
  side: Readonly<Record<string, Tensor>>,
  f: (tensor: Tensor) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(side).map(([name, tensor]) => [name, f(tensor)]));
}

function joined(a: Outputs, b: Outputs): Outputs {
  const join = (side: 'teacher' | 'student') =>
    Object.fromEntries(
      Object.entries(a[side]).map(([name, tensor]) => [name, concat([tensor, b[side][name]!])]),
    );
  return { teacher: join('teacher'), student: join('student') };
}

function joinedBatch(a: Batch, b: Batch): Batch {
  const ids = Int32Array.from([...a.ids!, ...b.ids!.map((id) => id + a.ids!.length)]);
  return { x: concat([a.x as Tensor, b.x as Tensor]), y: concat([a.y!, b.y!]), ids };
}

/** NaN in the last sample. */
function poisoned(tensor: Tensor, size: number): Tensor {
  const hole = [...Array<number>(size - 1).fill(0), NaN];
  return add(tensor, reshape(hole, [size, ...Array<number>(tensor.rank - 1).fill(1)]));
}

/** 1 for all samples but the last. */
function weightsOf({ logits = [10] }: Method, size: number): Tensor {
  const weights = tensor1d([...Array<number>(size - 1).fill(1), 0]);
  const rest = logits.slice(0, -1);
  return tile(reshape(weights, [size, ...rest.map(() => 1)]), [1, ...rest]);
}

function expectFinite(numbers: readonly number[]): void {
  expect(numbers.filter((number) => !Number.isFinite(number))).toEqual([]);
}

function near(got: number, wanted: number): boolean {
  return Math.abs(got - wanted) <= 1e-6 + 1e-4 * Math.abs(wanted);
}

function expectNear(got: number, wanted: number): void {
  expect(near(got, wanted), `${got} against ${wanted}`).toBe(true);
}
