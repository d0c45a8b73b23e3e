import {
  type PluginLike,
  definePlugin,
  earlyStopping,
  pluginsModule,
  prepareCompression,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { mlp, problem } from '../fixtures/models.js';

const stepLimit = definePlugin({
  type: 'step-limit',
  options: z.strictObject({ steps: z._default(z.int().check(z.gte(1)), 2) }),
  create: ({ steps }) => ({
    onStepEnd: ({ globalStep, stop }) => void (globalStep + 1 >= steps && stop(`${steps} steps are done`)),
  }),
});

function managerOf(plugins: readonly PluginLike[]) {
  const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
  try {
    const manager = prepareCompression(student, {
      teacher,
      criterion: knowledgeDistillation(),
      plugins,
      modules: [pluginsModule([stepLimit])],
    });
    return { manager, dispose: () => [manager, teacher, student].forEach((part) => void part.dispose()) };
  } catch (error) {
    teacher.dispose();
    student.dispose();
    throw error;
  }
}

describe('definePlugin', () => {
  it('makes a plugin of JSON that names its type', async () => {
    const { manager, dispose } = managerOf([{ type: 'step-limit', steps: 3 }]);
    const { steps, stopReason } = await manager.fit(problem(32), { batchSize: 4 });
    expect([steps, stopReason]).toEqual([3, '3 steps are done']);
    dispose();
  });

  it('knows the plugins of the library without a module', async () => {
    const { manager, dispose } = managerOf([
      { type: 'early-stopping', metric: 'loss', patience: 1, minDelta: 100 },
    ]);
    const { epochs, stopReason } = await manager.fit(problem(8), { epochs: 5 });
    expect(epochs).toHaveLength(2);
    expect(stopReason).toBe('loss has not become better for 1 epochs');
    dispose();
  });

  it('checks the options, offers the nearest type, and refuses what is neither', () => {
    expect(() => stepLimit({ steps: 0 })).toThrow(
      'step-limit: Expected `steps` to be a number at least 1, got 0.',
    );
    expect(() => managerOf([{ type: 'step-limits' }])).toThrow(
      'Unknown plugin type "step-limits". Did you mean "step-limit"?',
    );
    expect(() => managerOf([{ type: 'early-stopping', patiense: 3 }])).toThrow('Did you mean "patience"?');
    expect(() => managerOf([{ type: 3 } as never])).toThrow('Expected `plugins` to be plugins');
  });

  it('remembers the JSON that makes the plugin again', () => {
    expect(JSON.parse(JSON.stringify(stepLimit({ steps: 7 })))).toEqual({ type: 'step-limit', steps: 7 });
    expect(earlyStopping.type).toBe('early-stopping');
  });
});
