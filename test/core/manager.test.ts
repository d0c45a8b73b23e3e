import {
  add,
  matMul,
  memory,
  mul,
  ones,
  scalar,
  sum,
  tensor,
  tensor1d,
  type Tensor,
  train,
  type Variable,
  variable,
} from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { type Batch, liveTeacher, type Plugin, prepareCompression } from '@tfjs-distill/core';
import { kdLoss, knowledgeDistillation } from '@tfjs-distill/losses';
import { describe, expect, it, vi } from 'vitest';
import { CLASSES, FEATURES, mlp, problem, weightsOf } from '../fixtures/models.js';

const kd = () => knowledgeDistillation({ temperature: 2 });

describe('training', () => {
  it('leaves the weights of the teacher byte-identical', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const before = await weightsOf(teacher);
    const manager = prepareCompression(student, { teacher, criterion: kd() });
    await manager.fit(problem(), { epochs: 3 });
    expect(await weightsOf(teacher)).toEqual(before);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('moves only the variables of the student', async () => {
    const [teacher, student, bystander] = [mlp(16, 1), mlp(4, 2), mlp(4, 3)];
    const before = await weightsOf(bystander);
    const own = await weightsOf(student);
    const manager = prepareCompression(student, { teacher, criterion: kd() });
    await manager.fit(problem());
    expect(await weightsOf(bystander)).toEqual(before);
    const after = await weightsOf(student);
    after.forEach((weight, i) => expect(weight).not.toEqual(own[i]));
    manager.dispose();
    [teacher, student, bystander].forEach((model) => model.dispose());
  });

  it('runs batch norm and dropout of the teacher in inference mode', async () => {
    const teacher = sequential({
      layers: [
        layers.dense({ units: 8, inputShape: [FEATURES] }),
        layers.batchNormalization(),
        layers.dropout({ rate: 0.9 }),
        layers.dense({ units: CLASSES }),
      ],
    });
    const student = mlp(4, 2);
    const before = await weightsOf(teacher);
    const { x, y } = problem(8);
    const inference = teacher.apply(x, { training: false }) as Tensor;
    const source = liveTeacher(teacher);
    const { logits } = await source.outputs({ x });
    expect([...(await logits.data())]).toEqual([...(await inference.data())]);
    const manager = prepareCompression(student, { teacher, criterion: kd() });
    await manager.fit({ x, y }, { epochs: 2 });
    expect(await weightsOf(teacher)).toEqual(before);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('updates the batch-norm statistics of the student', async () => {
    const student = sequential({
      layers: [
        layers.dense({ units: 4, inputShape: [FEATURES] }),
        layers.batchNormalization({ name: 'norm' }),
        layers.dense({ units: CLASSES }),
      ],
    });
    const teacher = mlp(16, 1);
    const statistics = async () => (await weightsOf(student)).slice(4);
    const before = await statistics();
    const manager = prepareCompression(student, { teacher, criterion: kd() });
    await manager.fit(problem());
    expect(await statistics()).not.toEqual(before);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('gives another loss with another teacher', async () => {
    const losses: number[] = [];
    for (const seed of [1, 5]) {
      const [teacher, student] = [mlp(16, seed), mlp(4, 2)];
      const manager = prepareCompression(student, { teacher, criterion: kd() });
      const { epochs } = await manager.fit(problem(), { shuffle: false });
      losses.push(epochs[0]!['kd']!);
      manager.dispose();
      teacher.dispose();
      student.dispose();
    }
    expect(Math.abs(losses[0]! - losses[1]!)).toBeGreaterThan(1e-3);
  });

  it('has a distillation loss of 0 when the teacher is the student', async () => {
    const student = mlp(4, 2);
    const manager = prepareCompression(student, {
      teacher: student,
      criterion: knowledgeDistillation({ alpha: 0 }),
      optimizer: train.sgd(0),
    });
    const { epochs } = await manager.fit(problem());
    expect(epochs[0]!['kd']).toBeCloseTo(0, 6);
    expect(epochs[0]!['loss']).toBeCloseTo(0, 6);
    manager.dispose();
    student.dispose();
  });

  it('has as many tensors after step 30 as after step 3', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const counts: number[] = [];
    const counter: Plugin = { name: 'counter', onStepEnd: () => void counts.push(memory().numTensors) };
    const manager = prepareCompression(student, { teacher, criterion: kd(), plugins: [counter] });
    await manager.fit(problem(120), { batchSize: 4 });
    expect(counts).toHaveLength(30);
    expect(counts[29]).toBe(counts[2]);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('asks the teacher once a step', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const live = liveTeacher(teacher);
    const outputs = vi.fn((batch: Batch) => live.outputs(batch));
    const source = { name: 'spied', signature: {}, outputs };
    const manager = prepareCompression(student, { teacher: source, criterion: kd() });
    await manager.fit(problem(12), { batchSize: 4 });
    expect(outputs).toHaveBeenCalledTimes(3);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('lowers the loss, and raises agreement with the teacher', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(8, 2)];
    const { x } = problem(64);
    const manager = prepareCompression(student, {
      teacher,
      criterion: knowledgeDistillation({ temperature: 2, alpha: 0 }),
      optimizer: train.adam(0.02),
    });
    const { epochs } = await manager.fit({ x }, { epochs: 10, batchSize: 16 });
    expect(epochs[9]!['kd']).toBeLessThan(epochs[0]!['kd']! / 4);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('weighs samples, and leaves out those that weigh nothing even where they are NaN', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const { x, y } = problem(4);
    const data = (await x.array()).map((row, i) => (i === 3 ? row.map(() => NaN) : row));
    const manager = prepareCompression(student, { teacher, criterion: kd() });
    const weights = tensor1d([1, 1, 1, 0]);
    await expect(manager.fit({ x: tensor(data), y, weights })).rejects.toThrow('The loss is NaN');
    const masked = kdLoss(
      tensor([
        [1, 2],
        [NaN, NaN],
      ]),
      tensor([
        [2, 1],
        [NaN, NaN],
      ]),
      { weights: tensor1d([1, 0]) },
    );
    const alone = kdLoss(tensor([[1, 2]]), tensor([[2, 1]]));
    expect((await masked.data())[0]).toBeCloseTo((await alone.data())[0]!, 6);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });
});

describe('a student', () => {
  it('may be a plain function over its variables', async () => {
    const teacher = mlp(16, 1);
    const w = variable(ones([FEATURES, CLASSES]), true, 'w');
    const frozen = variable(ones([CLASSES]), false, 'frozen');
    const student = {
      variables: [w, frozen],
      forward: (x: unknown) => add(matMul(x as Tensor, w as Tensor), frozen),
    };
    const manager = prepareCompression(student, { teacher, criterion: kd() });
    expect(manager.variables).toEqual([w]);
    await manager.fit(problem());
    expect([...(await w.data())]).not.toEqual(Array(FEATURES * CLASSES).fill(1));
    expect([...(await frozen.data())]).toEqual(Array(CLASSES).fill(1));
    manager.dispose();
    [w, frozen].forEach((v: Variable) => v.dispose());
    teacher.dispose();
  });

  it('whose loss does not depend on its variables is refused in our words', async () => {
    const w = variable(scalar(1));
    const student = { variables: [w], forward: (x: unknown) => mul(x as Tensor, 1) };
    const manager = prepareCompression(student, {
      criterion: {
        type: 'stray',
        requires: { teacher: false },
        taskWeight: 0,
        compute: (ctx) => sum(ctx.studentOutputs.output),
      },
    });
    await expect(manager.trainStep({ x: ones([2, 2]) })).rejects.toThrow(
      "The loss does not depend on any of the student's variables.",
    );
    manager.dispose();
    w.dispose();
  });
});

describe('a NaN loss', () => {
  const poison = (atStep: number): Plugin => ({
    name: 'poison',
    onAfterComputeLoss: (loss, { globalStep }) => (globalStep === atStep ? mul(loss, NaN) : loss),
  });

  it('stops training with the step number and keeps the last good weights', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const seen: number[][][] = [];
    const watch: Plugin = {
      name: 'watch',
      onStepBegin: async () => void seen.push(await weightsOf(student)),
    };
    const manager = prepareCompression(student, { teacher, criterion: kd(), plugins: [poison(3), watch] });
    const training = manager.fit(problem(64), { batchSize: 8 });
    await expect(training).rejects.toMatchObject({
      code: 'NUMERIC',
      hook: 'onStepEnd',
      plugin: 'finite-guard',
    });
    await expect(training).rejects.toThrow('The loss is NaN at epoch 0, step 3 (3 in all)');
    expect(seen).toHaveLength(4);
    expect(await weightsOf(student)).toEqual(seen[3]);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('goes one step further back when an update had broken the weights already', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const seen: number[][][] = [];
    const breaker: Plugin = {
      name: 'breaker',
      onStepBegin: async () => void seen.push(await weightsOf(student)),
      onBeforeOptimizerStep: (grads, { globalStep }) =>
        globalStep === 1
          ? Object.fromEntries(Object.entries(grads).map(([n, g]) => [n, mul(g, NaN)]))
          : undefined,
    };
    const manager = prepareCompression(student, { teacher, criterion: kd(), plugins: [breaker] });
    await expect(manager.fit(problem(64), { batchSize: 8 })).rejects.toThrow('step 2');
    expect(await weightsOf(student)).toEqual(seen[1]);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('is looked for only as often as asked', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const manager = prepareCompression(student, {
      teacher,
      criterion: kd(),
      plugins: [poison(3)],
      finiteLoss: { every: 5 },
    });
    await expect(manager.fit(problem(64), { batchSize: 8 })).rejects.toThrow('step 4');
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });
});

describe('plugins', () => {
  it('are taken out by the undo that use returns, even from within a hook', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const manager = prepareCompression(student, { teacher, criterion: kd() });
    const disposed = vi.fn();
    let calls = 0;
    const off = manager.use({
      name: 'once',
      onStepEnd: () => {
        calls += 1;
        off();
        off();
      },
      dispose: disposed,
    });
    await manager.fit(problem(12), { batchSize: 4 });
    expect(calls).toBe(1);
    expect(disposed).toHaveBeenCalledTimes(1);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('leave no tap behind, however often they come and go', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const manager = prepareCompression(student, { teacher, criterion: kd() });
    const before = manager.hooks.onStepEnd.taps.length;
    for (let i = 0; i < 5; i++)
      await manager.fit(problem(4), { plugins: [{ name: 'guest', onStepEnd: () => undefined }] });
    expect(manager.hooks.onStepEnd.taps.length).toBeLessThanOrEqual(before + 1);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('are disposed in reverse order, and every failure is reported', () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const order: string[] = [];
    const plugin = (name: string): Plugin => ({
      name,
      dispose: () => {
        order.push(name);
        throw new Error(name);
      },
    });
    const manager = prepareCompression(student, {
      teacher,
      criterion: kd(),
      plugins: [plugin('a'), plugin('b')],
    });
    expect(() => manager.dispose()).toThrow(AggregateError);
    expect(order).toEqual(['b', 'a']);
    teacher.dispose();
    student.dispose();
  });

  it('for one run only are gone after it', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const manager = prepareCompression(student, { teacher, criterion: kd() });
    const onTrainBegin = vi.fn();
    await manager.fit(problem(), { plugins: [{ name: 'guest', onTrainBegin }] });
    await manager.fit(problem());
    expect(onTrainBegin).toHaveBeenCalledTimes(1);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('put numbers of their own into the history', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const manager = prepareCompression(student, { teacher, criterion: kd() });
    const logger: Plugin = { name: 'logger', onStepEnd: (ctx) => ctx.log('answer', 42) };
    const { epochs } = await manager.fit(problem(), { plugins: [logger], validation: problem(16, 9) });
    expect(epochs[0]).toMatchObject({ answer: 42, val_accuracy: expect.any(Number) as number });
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('that fail in onError do not hide the error', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const bad: Plugin = {
      name: 'bad',
      onStepEnd: () => Promise.reject(new Error('first')),
      onError: () => Promise.reject(new Error('second')),
    };
    const manager = prepareCompression(student, { teacher, criterion: kd(), plugins: [bad] });
    await expect(manager.fit(problem())).rejects.toThrow(/first.*and then.*second/);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });
});

describe('calls out of order', () => {
  it('are refused with the right order', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const manager = prepareCompression(student, { teacher, criterion: kd() });
    await expect(manager.onEpochBegin()).rejects.toThrow(
      'onEpochBegin was called outside of training, and belongs between epochs. Order: onTrainBegin,',
    );
    await manager.onTrainBegin();
    await expect(manager.onStepEnd()).rejects.toThrow('onStepEnd was called between epochs');
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('may leave out beginnings, and the end of the epoch that training ends in', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const manager = prepareCompression(student, { teacher, criterion: kd() });
    const fired: string[] = [];
    const note = (name: string) => () => void fired.push(name);
    manager.use({
      name: 'note',
      onTrainBegin: note('train'),
      onEpochBegin: note('epoch'),
      onStepBegin: note('step'),
      onEpochEnd: note('/epoch'),
      onTrainEnd: note('/train'),
    });
    await manager.trainStep(problem(4));
    const { epochs, steps } = await manager.onTrainEnd();
    expect(fired).toEqual(['train', 'epoch', 'step', '/epoch', '/train']);
    expect([epochs.length, steps]).toEqual([1, 1]);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('include a step without onAfterComputeLoss: nothing would have been distilled', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const manager = prepareCompression(student, { teacher, criterion: kd() });
    await manager.onTrainBegin();
    await manager.onEpochBegin();
    await manager.onStepBegin(problem(4));
    await expect(manager.onStepEnd()).rejects.toThrow(
      '`loss` exists only between onAfterComputeLoss and onStepEnd.',
    );
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('do not keep a manager from training after an error', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const manager = prepareCompression(student, { teacher, criterion: kd() });
    await expect(manager.fit({ x: ones([4, 9]) })).rejects.toThrow(
      'Expected the input of student to have its shape',
    );
    await expect(manager.fit(problem())).resolves.toMatchObject({ steps: 1 });
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });
});
