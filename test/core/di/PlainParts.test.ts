import { zeros } from '@tensorflow/tfjs-core';
import {
  type Criterion,
  criteriaModule,
  pluginsModule,
  prepareCompression,
  type Student,
} from '@tfjs-distill/core';
import { knowledgeDistillation, logitsMse } from '@tfjs-distill/losses';
import { ContainerModule } from 'inversify';
import { describe, expect, it, vi } from 'vitest';
import { PlainParts } from '../../../packages/core/src/di/PlainParts.js';
import { token, TOKENS } from '../../../packages/core/src/di/tokens.js';
import { earlyStopping } from '../../../packages/core/src/plugins/earlyStopping.js';

const NUMBER = token<number>('a-number');

class Plain implements Criterion {
  readonly type = 'plain';
  compute() {
    return zeros([]) as never;
  }
}

class AsksForStudent extends Plain {
  constructor(readonly student: Student) {
    super();
  }
}

describe('parts in a map', () => {
  it('are made once, and only if asked for', () => {
    const parts = new PlainParts([]);
    const [made, idle] = [vi.fn(() => ({})), vi.fn(() => ({}))];
    const [asked, unasked] = [token<object>('asked'), token<object>('unasked')];
    parts.offer(asked, made);
    parts.offer(unasked, idle);
    expect(made).not.toHaveBeenCalled();
    expect(parts.get(asked)).toBe(parts.get(asked));
    expect(made).toHaveBeenCalledTimes(1);
    expect(idle).not.toHaveBeenCalled();
  });

  it('may be nothing, as the teacher of a method without one', () => {
    const parts = new PlainParts([]);
    parts.offer(TOKENS.Teacher, () => undefined);
    expect(parts.get(TOKENS.Teacher)).toBeUndefined();
  });

  it('of a module come before what is offered', () => {
    const parts = new PlainParts([{ parts: [[NUMBER, 1]] }]);
    parts.offer(NUMBER, () => 2);
    expect(parts.get(NUMBER)).toBe(1);
  });

  it('are collected from all modules, in their order', () => {
    const parts = new PlainParts([
      criteriaModule([knowledgeDistillation]),
      pluginsModule([earlyStopping]),
      criteriaModule([logitsMse]),
    ]);
    expect(parts.all(TOKENS.CriterionDefinition)).toEqual([knowledgeDistillation, logitsMse]);
    expect(parts.all(TOKENS.PluginDefinition)).toEqual([earlyStopping]);
    expect(parts.all(TOKENS.Plugin)).toEqual([]);
  });

  it('that nobody has bound are named', () => {
    expect(() => new PlainParts([]).get(NUMBER)).toThrow(
      'Nothing is bound to Symbol(@tfjs-distill/core:a-number).',
    );
  });

  it('have one instance of a class that asks for nothing', () => {
    const parts = new PlainParts([]);
    const criterion = parts.construct(Plain);
    expect(criterion).toBeInstanceOf(Plain);
    expect(parts.construct(Plain)).toBe(criterion);
  });

  it('send who asks for more to inversify', () => {
    const hint = 'needs `@tfjs-distill/core/di` to be imported';
    expect(() => new PlainParts([]).construct(AsksForStudent)).toThrow(hint);
    expect(() => new PlainParts([criteriaModule([]), new ContainerModule(() => undefined)])).toThrow(
      'Expected `modules.1` to be made by criteriaModule or pluginsModule',
    );
    expect(() => new PlainParts([new ContainerModule(() => undefined)])).toThrow(hint);
  });

  it('come of modules, and nothing else is taken for one', () => {
    const prepare = (modules: unknown) =>
      prepareCompression({} as never, { criterion: new Plain(), modules: modules as never });
    expect(() => prepare([criteriaModule([]), {}])).toThrow(
      'Expected `modules.1` to be a module, as criteriaModule makes one',
    );
    expect(() => prepare({})).toThrow('Expected `modules` to be a list');
  });
});
