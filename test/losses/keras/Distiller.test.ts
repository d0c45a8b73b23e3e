import { losses, tensor2d, train } from '@tensorflow/tfjs-core';
import { prepareCompression } from '@tfjs-distill/core';
import {
  Distiller,
  FeatureDistillation,
  knowledgeDistillation,
  LogitsDistillation,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { mlp, problem, weightsOf } from '../../fixtures/models.js';

const pair = () => ({ teacher: mlp(16, 1), student: mlp(4, 2) });

function freed({ teacher, student }: ReturnType<typeof pair>, distiller: Distiller): void {
  distiller.dispose();
  teacher.dispose();
  student.dispose();
}

describe('Distiller', () => {
  it('runs the Keras example line by line: construct, compile, fit, evaluate, predict', async () => {
    const { x, y } = problem(64);
    const models = pair();
    const { student, teacher } = models;
    const distiller = new Distiller({ student, teacher });
    distiller.compile({
      optimizer: train.adam(0.05),
      metrics: ['sparseCategoricalAccuracy'],
      studentLossFn: 'sparseCategoricalCrossentropy',
      distillationLossFn: 'klDivergence',
      alpha: 0.1,
      temperature: 10,
    });
    const { epoch, history } = await distiller.fit(x, y, { epochs: 3, validationData: [x, y] });
    expect(epoch).toEqual([0, 1, 2]);
    expect(Object.keys(history)).toEqual([
      'loss',
      'student_loss',
      'distillation_loss',
      'val_loss',
      'val_sparseCategoricalAccuracy',
    ]);
    expect(history['loss']![2]).toBeLessThan(history['loss']![0]!);
    const [loss, task, soft] = ['loss', 'student_loss', 'distillation_loss'].map(
      (name) => history[name]![2]!,
    );
    expect(loss).toBeCloseTo(0.1 * task! + 0.9 * soft!, 5);
    const evaluated = await distiller.evaluate(x, y);
    expect(evaluated['loss']).toBeCloseTo(history['val_loss']![2]!, 6);
    expect(evaluated['sparseCategoricalAccuracy']).toBe(history['val_sparseCategoricalAccuracy']![2]);
    expect(distiller.predict(x).shape).toEqual([64, 3]);
    freed(models, distiller);
  });

  it('is real distillation by default: the same weights as `knowledgeDistillation` gives', async () => {
    const data = problem(32);
    const models = pair();
    const distiller = new Distiller({ ...models, studentLossWeight: 0.3 });
    distiller.compile();
    await distiller.fit(data.x, data.y, { epochs: 2 });
    const theirs = await weightsOf(models.student);
    freed(models, distiller);

    const { teacher, student } = pair();
    const criterion = knowledgeDistillation({ temperature: 3, alpha: 0.3 });
    const manager = prepareCompression(student, { teacher, criterion });
    await manager.fit(data, { epochs: 2 });
    expect(theirs).toEqual(await weightsOf(student));
    manager.dispose();
    for (const model of [teacher, student]) model.dispose();
  });

  it('sums several losses by their weights, features through adapters and in one forward pass', async () => {
    const data = problem(32);
    const models = pair();
    const distiller = new Distiller({
      ...models,
      distillationLosses: [
        new LogitsDistillation({ temperature: 2 }),
        new FeatureDistillation({ teacherLayerName: 'hidden', studentLayerName: 'hidden' }),
      ],
      distillationLossWeights: [1, 0.5],
      studentLossWeight: 0.5,
    });
    distiller.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' });
    const { history } = await distiller.fit(data.x, data.y, { epochs: 1, batchSize: 32 });
    const [loss, task, soft] = ['loss', 'student_loss', 'distillation_loss'].map(
      (name) => history[name]![0]!,
    );
    expect(loss).toBeCloseTo(0.5 * task! + 0.5 * soft!, 5);
    expect(distiller.manager.variables.length).toBe(models.student.trainableWeights.length + 2); // kernel and bias
    freed(models, distiller);
  });

  it('takes a loss function of one’s own, softened on both sides and times T²', async () => {
    const data = problem(32);
    const models = pair();
    const seen: number[] = [];
    const distiller = new Distiller({ ...models, studentLossWeight: 0 });
    distiller.compile({
      distillationLossFn: (teacher, student) => {
        seen.push(teacher.shape[1]!, student.shape[1]!);
        return losses.meanSquaredError(teacher, student);
      },
      temperature: 4,
      alpha: 0,
    });
    const { history } = await distiller.fit(data.x, data.y, { batchSize: 32 });
    expect(seen).toEqual([3, 3]);
    expect(history['loss']![0]).toBeCloseTo(history['distillation_loss']![0]!, 6);
    freed(models, distiller);
  });

  it('says what is wrong: not compiled, list lengths, ranges, unknown names', () => {
    const models = pair();
    const distiller = new Distiller(models);
    expect(() => distiller.manager).toThrow(/not compiled. Call `distiller.compile/);
    expect(() => new Distiller({ ...models, studentLossWeight: 2 })).toThrow(
      /`studentLossWeight`.*at most 1/,
    );
    expect(() => new Distiller({ ...models, distillationLosses: [] })).toThrow(/one or more losses/);
    expect(() => new Distiller({ ...models, distillationLossWeights: [1, 2] })).toThrow(
      /a list of 1, one for each/,
    );
    expect(() => distiller.compile({ optimizer: 'adm' as never })).toThrow(/one of adam, sgd/);
    expect(() => distiller.compile({ loss: 'mse' as never })).toThrow(/sparseCategoricalCrossentropy/);
    expect(() => distiller.compile({ temprature: 3 } as never)).toThrow(/Did you mean "temperature"/);
    freed(models, distiller);
  });
});

describe('FeatureDistillation', () => {
  it('wants both layers or none', () => {
    expect(() => new FeatureDistillation({ studentLayerName: 'hidden' })).toThrow(/together, or neither/);
  });

  it('compares final outputs where no layer is named', async () => {
    const { teacher, student } = pair();
    const manager = prepareCompression(student, { teacher, criterion: new FeatureDistillation() });
    const { epochs } = await manager.fit(problem(32), { epochs: 3 });
    expect(epochs[2]!['FeatureDistillation']).toBeLessThan(epochs[0]!['FeatureDistillation']!);
    manager.dispose();
    for (const model of [teacher, student]) model.dispose();
  });
});

describe('LogitsDistillation', () => {
  it.each([
    ['klDivergence', 1.5232],
    ['categoricalCrossentropy', 1.8885],
    ['meanSquaredError', 4],
  ] as const)('computes %s from logits, which may be negative', (loss, wanted) => {
    const criterion = new LogitsDistillation({ temperature: 1, loss });
    const ctx = {
      batch: {},
      teacherOutputs: { logits: tensor2d([[-2, 0]]), features: {} },
      studentOutputs: { output: tensor2d([[0, -2]]), features: {} },
    };
    const value = criterion.compute(ctx as never);
    return expect(value.data().then(([number]) => number)).resolves.toBeCloseTo(wanted, 3);
  });
});
