import { type Tensor } from '@tensorflow/tfjs-core';
import {
  type Criterion,
  earlyStopping,
  eagerStepRunner,
  type LossContext,
  type Plugin,
  prepareCompression,
  type Student,
} from '@tfjs-distill/core';
import { composeManager, criteriaModule, pluginsModule, TOKENS } from '@tfjs-distill/core/di';
import { kdLoss, knowledgeDistillation } from '@tfjs-distill/losses';
import { ContainerModule, inject, injectable, type ServiceIdentifier } from 'inversify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { containerParts } from '../../../packages/core/src/di/containerParts.js';
import { registerInjector } from '../../../packages/core/src/di/injector.js';
import { mlp, problem } from '../../fixtures/models.js';

@injectable()
class NamedAfterStudent implements Criterion {
  readonly type: string;
  readonly requires = { sameOutputShape: true };
  constructor(@inject(TOKENS.Student) student: Student) {
    this.type = `kd-of-${student.name}`;
  }
  compute({ teacherOutputs, studentOutputs }: LossContext) {
    return kdLoss(teacherOutputs.logits, studentOutputs.output);
  }
}

class Undecorated implements Criterion {
  readonly type = 'undecorated';
  constructor(readonly student: Student) {}
  compute({ studentOutputs }: LossContext) {
    return kdLoss(studentOutputs.output, studentOutputs.output);
  }
}

describe('a manager whose parts are injected', () => {
  // as the import of core/di does; taken back, so that other tests of this worker run without
  beforeAll(() => registerInjector(containerParts));
  afterAll(() => registerInjector(undefined));

  it('makes an injectable criterion class and hands it what it asks for', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const manager = prepareCompression(student, { teacher, criterion: NamedAfterStudent });
    const { epochs } = await manager.fit(problem());
    expect(Object.keys(epochs[0]!)).toContain('kd-of-mlp4_2');
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('says what to do with a class that is not decorated', () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    expect(() => prepareCompression(student, { teacher, criterion: Undecorated })).toThrow(
      'Decorate it with @injectable() and each parameter with @inject(TOKENS.…).',
    );
    teacher.dispose();
    student.dispose();
  });

  it('lets a module of the user’s replace any default part', async () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const run = vi.fn(eagerStepRunner.run.bind(eagerStepRunner));
    const onTrainBegin = vi.fn<() => void>();
    const plugin: Plugin = { name: 'from-module', onTrainBegin };
    const module = new ContainerModule(({ bind }) => {
      bind(TOKENS.StepRunner).toConstantValue({ run });
      bind(TOKENS.Plugin).toConstantValue(plugin);
      bind(TOKENS.Criteria).toConstantValue([knowledgeDistillation()]);
    });
    const manager = composeManager(student, {
      teacher,
      criterion: (t: Tensor, s: Tensor) => kdLoss(t, s),
      modules: [module],
    });
    const { epochs } = await manager.fit(problem());
    expect(run).toHaveBeenCalledTimes(1);
    expect(onTrainBegin).toHaveBeenCalledTimes(1);
    expect(epochs[0]).toHaveProperty('kd');
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });

  it('resolves every token', () => {
    const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
    const seen = new Set<unknown>();
    const spy = new ContainerModule(({ onActivation }) => {
      for (const token of Object.values(TOKENS) as ServiceIdentifier[]) {
        onActivation(token, (_, part) => {
          seen.add(token);
          return part;
        });
      }
    });
    const plugins = new ContainerModule(({ bind }) => {
      bind(TOKENS.Plugin).toConstantValue({ name: 'any' });
    });
    const definitions = [criteriaModule([knowledgeDistillation]), pluginsModule([earlyStopping])];
    const modules = [spy, plugins, ...definitions];
    const manager = composeManager(student, { teacher, criterion: { type: 'kd' }, modules });
    expect(seen).toEqual(new Set(Object.values(TOKENS)));
    manager.dispose();
    teacher.dispose();
    student.dispose();
  });
});
