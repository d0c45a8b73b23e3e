import { memory, tensor, tensor1d, type Tensor, train } from '@tensorflow/tfjs-core';
import { prepareCompression } from '@tfjs-distill/core';
import { knowledgeDistillation, logitsMse, meanTeacher } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { mlp, problem, weightsOf } from '../../fixtures/models.js';

const numbers = async (x: Tensor) => [...(await x.data())];

describe('meanTeacher', () => {
  it('answers with the moving average of the student’s weights, and leaves the student’s own', async () => {
    const student = mlp(4, 1);
    const { teacher, plugin } = meanTeacher(student, { decay: 0.5, warmUp: false });
    const optimizer = train.sgd(0.5);
    const manager = prepareCompression(student, {
      teacher,
      plugins: [plugin],
      criterion: logitsMse(),
      optimizer,
    });
    const { x, y } = problem(32);
    const snapshots: number[][][] = [];
    for (let step = 0; step < 3; step++) {
      await manager.trainStep({ x, y });
      snapshots.push(await weightsOf(student));
    }
    const [first, second, third] = snapshots as [number[][], number[][], number[][]];
    const wanted = first.map((values, w) =>
      values.map((value, i) => 0.5 * (0.5 * value + 0.5 * second[w]![i]!) + 0.5 * third[w]![i]!),
    );
    const twin = mlp(4, 1);
    const { logits } = await teacher.outputs({ x });
    twin.setWeights(twin.getWeights().map((weight, w) => tensor(wanted[w]!, weight.shape)));
    const theirs = await numbers(twin.predict(x) as Tensor);
    for (const [i, value] of (await numbers(logits)).entries()) expect(value).toBeCloseTo(theirs[i]!, 5);
    expect(await weightsOf(student)).toEqual(third);
    for (const owned of [manager, student, twin]) owned.dispose();
  });

  it('teaches samples without a label', async () => {
    const student = mlp(8, 1);
    const { teacher, plugin } = meanTeacher(student, { decay: 0.9 });
    const criterion = knowledgeDistillation({ temperature: 1, taskWeight: 1, softWeight: 1 });
    const manager = prepareCompression(student, {
      teacher,
      plugins: [plugin],
      criterion,
      optimizer: train.adam(0.02),
    });
    const { x, y } = problem(64);
    const some = tensor1d(
      [...(await y.data())].map((label, i) => (i % 4 === 0 ? label : -1)),
      'int32',
    );
    const { epochs } = await manager.fit({ x, y: some }, { epochs: 6, validation: { x, y } });
    expect(epochs.at(-1)!['val_accuracy']).toBeGreaterThan(epochs[0]!['val_accuracy']!);
    for (const owned of [manager, student]) owned.dispose();
  });

  it('keeps as many tensors from step to step, and frees them with the manager', async () => {
    const student = mlp(4, 1);
    const { teacher, plugin } = meanTeacher(student);
    const manager = prepareCompression(student, { teacher, plugins: [plugin], criterion: logitsMse() });
    const batch = problem(8);
    for (let step = 0; step < 3; step++) await manager.trainStep(batch);
    const after3 = memory().numTensors;
    for (let step = 0; step < 5; step++) await manager.trainStep(batch);
    expect(memory().numTensors).toBe(after3);
    for (const owned of [manager, student]) owned.dispose();
  });

  it('goes on from a state', async () => {
    const student = mlp(4, 1);
    const { teacher, plugin } = meanTeacher(student);
    const manager = prepareCompression(student, { teacher, plugins: [plugin], criterion: logitsMse() });
    const batch = problem(8);
    for (let step = 0; step < 3; step++) await manager.trainStep(batch);
    const state = plugin.state!();
    const before = await numbers((await teacher.outputs(batch)).logits);
    const other = meanTeacher(student);
    other.plugin.restore!(state, undefined as never);
    expect(await numbers((await other.teacher.outputs(batch)).logits)).toEqual(before);
    other.plugin.dispose!();
    for (const owned of [manager, student]) owned.dispose();
  });

  it('refuses a decay of 1', () => {
    const student = mlp(4, 1);
    expect(() => meanTeacher(student, { decay: 1 })).toThrow(/`decay`.*below 1/);
    student.dispose();
  });
});
