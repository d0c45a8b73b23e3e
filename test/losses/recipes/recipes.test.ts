import { abs, addN, div, max, softmax, sub, type Tensor, train } from '@tensorflow/tfjs-core';
import { prepareCompression } from '@tfjs-distill/core';
import {
  bornAgain,
  distillationChain,
  fitTogether,
  knowledgeDistillation,
  learnTogether,
} from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { mlp, problem, weightsOf } from '../../fixtures/models.js';

const disposeAll = (models: readonly { dispose(): unknown }[]) => {
  for (const model of models) model.dispose();
};

describe('learnTogether', () => {
  it('brings three students of different sizes to agree more and more', async () => {
    const students = [mlp(8, 1), mlp(4, 20), mlp(16, 30)];
    const histories = await learnTogether(students, problem(64), {
      epochs: 8,
      optimizer: () => train.adam(0.02),
    });
    expect(histories).toHaveLength(3);
    for (const { epochs, steps } of histories) {
      expect(steps).toBe(16);
      expect(epochs.at(-1)!['dml']).toBeLessThan(0.7 * epochs[0]!['dml']!);
      expect(epochs.at(-1)!['task']).toBeLessThan(epochs[0]!['task']!);
    }
    disposeAll(students);
  });

  it('needs two', async () => {
    const student = mlp(4, 1);
    await expect(learnTogether([student], problem(8))).rejects.toThrow(/two or more models/);
    student.dispose();
  });
});

describe('fitTogether', () => {
  const managerOf = (seed: number, teacher: ReturnType<typeof mlp>) => {
    const student = mlp(4, seed);
    return { student, manager: prepareCompression(student, { teacher, criterion: knowledgeDistillation() }) };
  };

  it('trains one manager to the same weights as its own fit', async () => {
    const teacher = mlp(16, 9);
    const [together, apart] = [managerOf(1, teacher), managerOf(1, teacher)];
    const data = problem(40);
    const [history] = await fitTogether([together.manager], data, { epochs: 2, seed: 3, validation: data });
    const own = await apart.manager.fit(data, { epochs: 2, seed: 3, validation: data });
    expect(history!.epochs).toEqual(own.epochs);
    expect(await weightsOf(together.student)).toEqual(await weightsOf(apart.student));
    disposeAll([teacher, together.manager, together.student, apart.manager, apart.student]);
  });

  it('goes on with the others when one was asked to stop, and ends when all were', async () => {
    const teacher = mlp(16, 9);
    const [first, second] = [managerOf(1, teacher), managerOf(2, teacher)];
    const stopAt = (step: number) => ({
      name: 'stop',
      onStepEnd: ({ globalStep, stop }: { globalStep: number; stop: (reason: string) => void }) => {
        if (globalStep + 1 === step) stop(`after ${step}`);
      },
    });
    first.manager.use(stopAt(2));
    second.manager.use(stopAt(5));
    const histories = await fitTogether([first.manager, second.manager], problem(40), {
      epochs: 9,
      batchSize: 20,
    });
    expect(histories.map(({ steps, stopReason }) => [steps, stopReason])).toEqual([
      [2, 'after 2'],
      [5, 'after 5'],
    ]);
    disposeAll([teacher, first.manager, first.student, second.manager, second.student]);
  });

  it('tells every manager of an error and leaves all ready for another run', async () => {
    const teacher = mlp(16, 9);
    const [first, second] = [managerOf(1, teacher), managerOf(2, teacher)];
    const told: string[] = [];
    const off = second.manager.use({
      name: 'breaks',
      onStepBegin: () => {
        throw new Error('out of luck');
      },
    });
    for (const [name, { manager }] of Object.entries({ first, second }))
      manager.use({ name: 'told', onError: () => void told.push(name) });
    await expect(fitTogether([first.manager, second.manager], problem(8))).rejects.toThrow(/out of luck/);
    expect(told.sort()).toEqual(['first', 'second']);
    off();
    await expect(fitTogether([first.manager, second.manager], problem(8))).resolves.toHaveLength(2);
    disposeAll([teacher, first.manager, first.student, second.manager, second.student]);
  });

  it('refuses no managers and no epochs', async () => {
    await expect(fitTogether([], problem(8))).rejects.toThrow(/`managers` to be a list of one or more/);
    const teacher = mlp(16, 9);
    const { student, manager } = managerOf(1, teacher);
    await expect(fitTogether([manager], problem(8), { epochs: 0 })).rejects.toThrow(/`epochs`.*got 0/);
    disposeAll([teacher, student, manager]);
  });
});

describe('distillationChain', () => {
  it('distils the teacher into the assistant, and the assistant into the student', async () => {
    const [teacher, assistant, student] = [mlp(32, 1), mlp(8, 2), mlp(4, 3)];
    const data = problem(64);
    const teachers: string[] = [];
    const histories = await distillationChain(teacher, [assistant, student], data, {
      epochs: 6,
      link: () => ({
        criterion: knowledgeDistillation({ temperature: 2, alpha: 0 }),
        optimizer: train.adam(0.05),
        plugins: [{ name: 'who', onTrainBegin: (ctx) => void teachers.push(ctx.teacher!.name) }],
      }),
    });
    expect(teachers).toEqual([teacher.name, assistant.name]);
    for (const { epochs } of histories) expect(epochs.at(-1)!['kd']).toBeLessThan(epochs[0]!['kd']!);
    disposeAll([teacher, assistant, student]);
  });

  it('needs a model', async () => {
    const teacher = mlp(4, 1);
    await expect(distillationChain(teacher, [], problem(8))).rejects.toThrow(/one or more models/);
    teacher.dispose();
  });
});

describe('bornAgain', () => {
  it('gives each generation the one before as teacher, and all of them as one ensemble', async () => {
    const teacher = mlp(8, 1);
    const data = problem(64);
    const born: number[] = [];
    const { models, histories, ensemble } = await bornAgain(teacher, data, {
      generations: 2,
      epochs: 4,
      create: (generation) => {
        born.push(generation);
        return mlp(8, 10 + generation);
      },
      link: () => ({ criterion: knowledgeDistillation({ alpha: 0.5 }), optimizer: train.adam(0.05) }),
    });
    expect(born).toEqual([0, 1]);
    expect(histories).toHaveLength(2);
    const { logits } = await ensemble.outputs({ x: data.x });
    const distributions = models.map((model) => softmax(model.predict(data.x) as Tensor));
    const apart = max(abs(sub(softmax(logits), div(addN(distributions), 2))));
    expect((await apart.data())[0]).toBeLessThan(1e-6);
    disposeAll([teacher, ...models]);
  });

  it('refuses no generations', async () => {
    const teacher = mlp(4, 1);
    const options = { generations: 0, create: () => mlp(4, 2) };
    await expect(bornAgain(teacher, problem(8), options)).rejects.toThrow(/`generations`.*got 0/);
    teacher.dispose();
  });
});
