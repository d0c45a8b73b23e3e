import {
  mean,
  notEqual,
  randomNormal,
  type Scalar,
  squaredDifference,
  sum,
  train,
} from '@tensorflow/tfjs-core';
import {
  type Criterion,
  DistillError,
  featureAdapters,
  prepareCompression,
  type TeacherSource,
} from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';
import { mlp, problem } from '../../fixtures/models.js';

/** A criterion that pulls the student's adapted hidden layer to the teacher's. */
function hidden(type = 'hidden-mse', seed = 0): Criterion {
  const adapters = featureAdapters(type, { student: ['hidden'], teacher: ['hidden'] }, { seed });
  return {
    type,
    taps: { student: ['hidden'], teacher: ['hidden'] },
    get variables() {
      return adapters.variables;
    },
    prepare: (context) => adapters.prepare(context),
    dispose: () => adapters.dispose(),
    compute: ({ studentOutputs, teacherOutputs }) => {
      const adapted = adapters.at(0).apply(studentOutputs.features['hidden']!);
      return mean<Scalar>(squaredDifference(adapted, teacherOutputs.features['hidden']!));
    },
  };
}

describe('the adapters of a criterion', () => {
  it('move in training, from the first step on', async () => {
    const [teacher, student] = [mlp(8, 1), mlp(4, 2)];
    const criterion = hidden();
    const manager = prepareCompression(student, { teacher, criterion, optimizer: train.sgd(0.1) });
    const before = criterion.variables!.map((variable) => variable.clone());
    await manager.trainStep(problem(8));
    for (const [i, variable] of criterion.variables!.entries()) {
      expect(await sum(notEqual(variable, before[i]!)).array()).toBeGreaterThan(0);
    }
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('are among what the manager trains, under names that a second run gives again', () => {
    const [teacher, student] = [mlp(8, 1), mlp(4, 2)];
    const names = () => {
      const manager = prepareCompression(student, { teacher, criterion: [hidden(), hidden()] });
      const found = manager.variables.map(({ name }) => name).filter((name) => name.startsWith('hidden-mse'));
      manager.dispose();
      return found;
    };
    const wanted = [
      'hidden-mse/hidden-hidden/kernel',
      'hidden-mse/hidden-hidden/bias',
      'hidden-mse/hidden-hidden_2/kernel',
      'hidden-mse/hidden-hidden_2/bias',
    ];
    expect(names()).toEqual(wanted);
    expect(names()).toEqual(wanted);
    teacher.dispose();
    student.dispose();
  });

  it('stay out of the student', async () => {
    const [teacher, student] = [mlp(8, 1), mlp(4, 2)];
    const weights = student.weights.length;
    const manager = prepareCompression(student, { teacher, criterion: hidden() });
    await manager.trainStep(problem(8));
    expect(student.weights).toHaveLength(weights);
    expect(manager.model.variables).toHaveLength(weights);
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('belong to one manager', () => {
    const [teacher, student] = [mlp(8, 1), mlp(4, 2)];
    const criterion = hidden();
    const manager = prepareCompression(student, { teacher, criterion });
    expect(() => prepareCompression(student, { teacher, criterion })).toThrow(/in use by another manager/);
    manager.dispose();
    prepareCompression(student, { teacher, criterion }).dispose();
    teacher.dispose();
    student.dispose();
  });

  it('are freed again where a later one cannot be built', () => {
    const adapters = featureAdapters('two', { student: ['a', 'b'], teacher: ['a', 'b'] });
    const side = (b: number[]) => ({
      name: 'side',
      signature: { features: { a: [null, b.length], b: [null, ...b] } },
    });
    const prepare = () =>
      adapters.prepare({ student: side([4]) as never, teacher: side([4, 4, 4]) as never });
    expect(prepare).toThrow(/one rank/);
    expect(adapters.variables).toEqual([]);
  });

  it('ask for shapes that a model does not declare', () => {
    const teacher: TeacherSource = {
      name: 'server',
      signature: {},
      outputs: () => ({ logits: randomNormal([1]), features: {} }),
    };
    const student = mlp(4, 2);
    expect(() => prepareCompression(student, { teacher, criterion: hidden() })).toThrow(
      /shape of feature "hidden" of "server" is not known\. Declare it: signature/,
    );
    student.dispose();
  });

  it('are not asked for before they exist', () => {
    const adapters = featureAdapters('early', { student: ['a'], teacher: ['a'] });
    expect(() => adapters.at(0)).toThrow(DistillError);
    expect(() => adapters.at(0)).toThrow(/before it was prepared/);
  });
});
