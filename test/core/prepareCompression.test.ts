import {
  ones,
  scalar,
  type Scalar,
  softmax,
  sub,
  sum,
  square,
  type Tensor,
  tensor1d,
} from '@tensorflow/tfjs-core';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import {
  criteriaModule,
  type Criterion,
  defineCriterion,
  liveTeacher,
  prepareCompression,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { FEATURES, mlp, problem } from '../fixtures/models.js';

let teacher: LayersModel;
let student: LayersModel;
beforeEach(() => {
  teacher = mlp(16, 1);
  student = mlp(4, 2);
});
afterEach(() => {
  teacher.dispose();
  student.dispose();
});

const kd = knowledgeDistillation();
const prepare = (options: object, model: unknown = student) => prepareCompression(model as never, options);

describe('prepareCompression refuses', () => {
  it.each<[string, () => object, string]>([
    [
      'an unknown option',
      () => ({ teachr: teacher, criterion: kd }),
      'Unknown option "teachr". Did you mean "teacher"?',
    ],
    [
      'no criterion',
      () => ({ teacher }),
      'Expected `criterion` to be a criterion, or `stages` in its place, got undefined.',
    ],
    ['an empty list of criteria', () => ({ teacher, criterion: [] }), 'at least one criterion'],
    [
      'no teacher where one is needed',
      () => ({ criterion: kd }),
      'Criterion "kd" needs a teacher and there is none.',
    ],
    [
      'a teacher that is none',
      () => ({ teacher: 7, criterion: kd }),
      'Expected `teacher` to be a LayersModel',
    ],
    [
      'an unknown type',
      () => ({ teacher, criterion: { type: 'kdd' }, modules: [criteriaModule([knowledgeDistillation])] }),
      'Unknown criterion type "kdd". Did you mean "kd"?',
    ],
    [
      'a type where none is registered',
      () => ({ teacher, criterion: { type: 'kd' } }),
      'No criteria are registered',
    ],
    [
      'an option out of range in JSON',
      () => ({
        teacher,
        criterion: { type: 'kd', temperature: 0 },
        modules: [criteriaModule([knowledgeDistillation])],
      }),
      'kd: Expected `temperature` to be a number above 0, got 0.',
    ],
    [
      'an optimizer that is none',
      () => ({ teacher, criterion: kd, optimizer: 'adam' }),
      'Expected `optimizer` to be an optimizer, such as tf.train.adam(1e-3), got "adam".',
    ],
    [
      'a plugin without a name',
      () => ({ teacher, criterion: kd, plugins: [{ onStepEnd: () => undefined }] }),
      'Expected `plugin.name` to be a name, got undefined.',
    ],
    [
      'two plugins of one name',
      () => ({ teacher, criterion: kd, plugins: [{ name: 'a' }, { name: 'a' }] }),
      'A plugin named "a" is in use already.',
    ],
    [
      'a misspelt hook',
      () => ({ teacher, criterion: kd, plugins: [{ name: 'a', onStepStart: () => undefined }] }),
      'Plugin "a" has "onStepStart", which is no hook.',
    ],
    [
      'an unknown layer',
      () => ({ teacher, criterion: { type: 'x', taps: { student: ['hiden'] }, compute: () => undefined } }),
      'Unknown layer "hiden". Did you mean "hidden"?',
    ],
  ])('%s', (_, options, message) => {
    expect(() => prepare(options())).toThrow(message);
  });

  it('models with different class counts, naming both', () => {
    const other = mlp(4, 3, 5);
    expect(() => prepare({ teacher: other, criterion: kd })).toThrow(
      'Expected teacher and student with as many classes (5 and 3), got `teacher "mlp4_3"` [null, 5] and `student "mlp4_2"` [null, 3].',
    );
    other.dispose();
  });

  it('a student or teacher that ends in probabilities, with the remedy', () => {
    const softened = sequential({
      layers: [layers.dense({ units: 3, inputShape: [FEATURES], activation: 'softmax', name: 'probs' })],
    });
    expect(() => prepare({ teacher: softened, criterion: kd })).toThrow(
      'Layer "probs" of the teacher ends in probabilities. Pass `teacher: liveTeacher(model, { outputs: \'probabilities\' })`',
    );
    expect(() => prepare({ teacher, criterion: kd }, softened)).toThrow(
      'Layer "probs" of the student ends in probabilities.',
    );
    softened.dispose();
  });

  it('a model that does not know its input shape yet', () => {
    const shapeless = sequential({ name: 'shapeless', layers: [] });
    expect(() => prepare({ teacher, criterion: kd }, shapeless)).toThrow(
      'Model "shapeless" has no input shape yet.',
    );
  });

  it('criteria of which one cannot be prepared, and lets the others go', () => {
    const disposed: string[] = [];
    const criterion = (type: string, prepare: () => void) => ({
      type,
      prepare,
      compute: () => scalar(0),
      dispose: () => void disposed.push(type),
    });
    const bad = criterion('bad', () => {
      throw new Error('no adapter fits');
    });
    expect(() => prepare({ teacher, criterion: [criterion('good', () => undefined), bad] })).toThrow(
      'no adapter fits',
    );
    expect(disposed).toEqual(['good', 'bad']);
  });

  it('a student that is none', () => {
    expect(() => prepare({ teacher, criterion: kd }, 42)).toThrow(
      'Expected `student` to be a LayersModel or { forward, variables }, got 42.',
    );
  });
});

describe('fit refuses, before any training,', () => {
  it.each<[string, () => unknown, object, string]>([
    ['no samples', () => ({ x: ones([0, FEATURES]) }), {}, 'The data set has no samples.'],
    ['an empty list of batches', () => [], {}, 'The data set has no samples.'],
    [
      'labels out of range',
      () => ({ x: ones([2, FEATURES]), y: tensor1d([0, 3], 'int32') }),
      {},
      'Expected labels to be class numbers 0 to 2, got 3 at position 1.',
    ],
    [
      'as many labels as fit another set',
      () => ({ x: ones([2, FEATURES]), y: tensor1d([0], 'int32') }),
      {},
      'as many samples, got 2, 1, 2, 2',
    ],
    [
      'a number of epochs that is none',
      () => problem(4),
      { epochs: 0 },
      'Expected `epochs` to be a whole number above 0, got 0.',
    ],
    [
      'a batch size that is none',
      () => problem(4),
      { batchSize: 1.5 },
      'Expected `batchSize` to be a whole number above 0, got 1.5.',
    ],
    ['data that are none', () => 'mnist', {}, 'Expected `data` to be { x, y }'],
  ])('%s', async (_, data, options, message) => {
    const manager = prepare({ teacher, criterion: kd });
    let trained = false;
    manager.use({ name: 'spy', onTrainBegin: () => void (trained = true) });
    await expect(manager.fit(data() as never, options)).rejects.toThrow(message);
    expect(trained).toBe(false);
    manager.dispose();
  });
});

describe('a teacher', () => {
  it('that gives probabilities teaches the same as its logits', async () => {
    const softened = sequential({
      layers: [
        layers.dense({ units: 16, inputShape: [FEATURES], activation: 'relu' }),
        layers.dense({ units: 3 }),
        layers.softmax(),
      ],
    });
    softened.setWeights(teacher.getWeights());
    const { x } = problem(8);
    const probabilities = liveTeacher(softened, { outputs: 'probabilities' });
    const [a, b] = [await probabilities.outputs({ x }), await liveTeacher(teacher).outputs({ x })];
    const [p, q] = [await softmax(a.logits).data(), await softmax(b.logits).data()];
    p.forEach((value, i) => expect(value).toBeCloseTo(q[i]!, 5));
    expect(p.length).toBe(24);
    softened.dispose();
  });

  it('may be a function, also an async one', async () => {
    const { x } = problem(8);
    const sync = liveTeacher((input) => teacher.apply(input as Tensor) as Tensor);

    const later = liveTeacher(async (input) => teacher.apply(input as Tensor) as Tensor);
    const [a, b] = [await sync.outputs({ x }), await later.outputs({ x })];
    expect([...(await a.logits.data())]).toEqual([...(await b.logits.data())]);
  });

  it('that returns a promise without saying so is refused', () => {
    const sneaky = liveTeacher((x) => Promise.resolve(x as Tensor));
    expect(() => sneaky.outputs({ x: ones([1, 1]) })).toThrow('Declare it with `async`');
  });

  it('with another class count is found out in the first step, if no signature told before', async () => {
    const other = mlp(4, 3, 5);
    const manager = prepare({ teacher: (x: Tensor) => other.apply(x) as Tensor, criterion: kd });
    await expect(manager.trainStep(problem(4))).rejects.toThrow(
      'Expected teacher and student outputs of one shape',
    );
    manager.dispose();
    other.dispose();
  });
});

describe('a criterion', () => {
  const mse = (t: Tensor, s: Tensor) => sum<Scalar>(square(sub(t, s)));
  const lossOf = async (criterion: unknown, modules: object[] = []) => {
    const manager = prepare({ teacher, criterion, modules });
    try {
      await manager.onTrainBegin();
      await manager.onEpochBegin();
      const { x, y } = problem(8);
      await manager.onStepBegin({ x, y });
      const { output } = manager.model.forward(x, { training: true });
      const [value] = await manager.onAfterComputeLoss(x, output, scalar(2)).data();
      await manager.onStepEnd();
      return value!;
    } finally {
      manager.dispose();
    }
  };

  it('may be a function, which is added to the task’s loss', async () => {
    const { x } = problem(8);
    const [term] = await mse(teacher.apply(x) as Tensor, student.apply(x) as Tensor).data();
    expect(await lossOf(mse)).toBeCloseTo(term! + 2, 4);
  });

  it('may be a list: terms add up by weight, and the task enters once by the weights claimed of it', async () => {
    const { x } = problem(8);
    const [term] = await mse(teacher.apply(x) as Tensor, student.apply(x) as Tensor).data();
    const compute = (ctx: never) => {
      const { teacherOutputs, studentOutputs } = ctx as {
        teacherOutputs: { logits: Tensor };
        studentOutputs: { output: Tensor };
      };
      return mse(teacherOutputs.logits, studentOutputs.output);
    };
    const a = { type: 'a', weight: 0.5, taskWeight: 0.25, compute };
    const b = { type: 'b', weight: 2, compute };
    expect(await lossOf([a, b])).toBeCloseTo(2.5 * term! + 0.25 * 2, 3);
  });

  it('may be defined by the user with a zod schema and named in JSON', async () => {
    const scaled = defineCriterion({
      type: 'scaled',
      options: z.strictObject({ factor: z.number().positive().default(3) }),
      create: ({ factor }) => ({
        taskWeight: 0,
        weight: factor,
        compute: (ctx) => mse(ctx.teacherOutputs.logits, ctx.studentOutputs.output),
      }),
    });
    const { x } = problem(8);
    const [term] = await mse(teacher.apply(x) as Tensor, student.apply(x) as Tensor).data();
    expect(await lossOf({ type: 'scaled', factor: 2 }, [criteriaModule([scaled])])).toBeCloseTo(2 * term!, 3);
    expect(await lossOf(scaled())).toBeCloseTo(3 * term!, 3);
    expect(() => scaled({ factor: -1 })).toThrow('scaled: Expected `factor` to be a number above 0, got -1.');
    expect(() => scaled({ facto: 1 } as never)).toThrow(
      'scaled: Unknown option "facto". Did you mean "factor"?',
    );
    expect(JSON.parse(JSON.stringify(scaled({ factor: 2 })))).toEqual({ type: 'scaled', factor: 2 });
  });

  it('that returns no scalar is told so by name', async () => {
    const wrong = { type: 'wrong', compute: () => ones([2]) };
    await expect(lossOf(wrong)).rejects.toThrow(
      'Expected criterion "wrong" to return a scalar, got a tensor of shape [2].',
    );
  });

  it('may tap a layer that is an output of the model already, or one layer twice', async () => {
    let same: boolean | undefined;
    const criterion: Criterion = {
      type: 'outputs',
      taps: { student: ['logits', 'hidden', 'logits'], teacher: ['logits'] },
      compute: ({ studentOutputs, teacherOutputs }) => {
        same = studentOutputs.features['logits'] === studentOutputs.output;
        return sum(teacherOutputs.features['logits']!);
      },
    };
    const manager = prepare({ teacher, criterion });
    await manager.fit(problem(8));
    expect(same).toBe(true);
    manager.dispose();
  });

  it('sees the features of the layers it taps, of both sides', async () => {
    let shapes: unknown;
    const features = {
      type: 'features',
      taps: { student: ['hidden'], teacher: ['hidden'] },
      compute: (ctx: {
        studentOutputs: { features: Record<string, Tensor> };
        teacherOutputs: { features: Record<string, Tensor> };
      }) => {
        shapes = [ctx.studentOutputs.features['hidden']!.shape, ctx.teacherOutputs.features['hidden']!.shape];
        return sum(ctx.studentOutputs.features['hidden']!);
      },
    };
    const manager = prepare({ teacher, criterion: features });
    await manager.trainStep(problem(8));
    expect(shapes).toEqual([
      [8, 4],
      [8, 16],
    ]);
    await manager.onEpochEnd();
    await manager.onTrainEnd();
    manager.dispose();
    await expect(lossOf(features)).rejects.toThrow('Unknown student feature "hidden"');
  });
});
