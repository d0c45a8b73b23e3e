import { dispose, mul, type Scalar, type Tensor, tidy, train, variableGrads } from '@tensorflow/tfjs-core';
import {
  type Batch,
  type CompressionManager,
  crossEntropy,
  HOOK_NAMES,
  type Plugin,
  prepareCompression,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { mlp, problem, weightsOf } from '../fixtures/models.js';

const EPOCHS = 2;

/** Notes every hook it sees; `also` may act in one of them. */
function recorder(seen: string[], also: Partial<Record<string, (n: number) => unknown>> = {}): Plugin {
  const hooks = HOOK_NAMES.map((name) => [
    name,
    {
      order: 'observer',
      handler: () => {
        seen.push(name);
        return also[name]?.(seen.filter((other) => other === name).length) as undefined;
      },
    },
  ]);
  return { name: 'recorder', ...Object.fromEntries(hooks) } as Plugin;
}

type Loop = (manager: CompressionManager, batches: Batch[]) => Promise<void>;

const byFit: Loop = async (manager, batches) => {
  await manager.fit(() => cloned(batches), { epochs: EPOCHS });
};

async function* cloned(batches: Batch[]) {
  for (const { x, y } of batches) yield { x: (x as Tensor).clone(), y: (y as Tensor).clone() };
}

const byTrainStep: Loop = async (manager, batches) => {
  await manager.onTrainBegin({ epochs: EPOCHS });
  for (let epoch = 0; epoch < EPOCHS && manager.stopReason === undefined; epoch++) {
    await manager.onEpochBegin(epoch);
    for (const batch of batches) {
      await manager.trainStep(batch);
      if (manager.stopReason !== undefined) break;
    }
    await manager.onEpochEnd();
  }
  await manager.onTrainEnd();
};

const byHand: Loop = async (manager, batches) => {
  const optimizer = train.sgd(0.1);
  try {
    await manager.onTrainBegin({ epochs: EPOCHS });
    for (let epoch = 0; epoch < EPOCHS && manager.stopReason === undefined; epoch++) {
      await manager.onEpochBegin(epoch);
      for (const batch of batches) {
        await manager.onStepBegin(batch);
        tidy(() => {
          const { grads } = variableGrads(() => {
            const { output } = manager.model.forward(batch.x, { training: true });
            return manager.onAfterComputeLoss(batch.x, output, crossEntropy(batch.y as Tensor, output));
          }, manager.variables);
          optimizer.applyGradients(manager.onBeforeOptimizerStep(grads));
          manager.onAfterOptimizerStep();
        });
        await manager.onStepEnd();
        if (manager.stopReason !== undefined) break;
      }
      await manager.onEpochEnd();
    }
    await manager.onTrainEnd();
  } catch (error) {
    await manager.onError(error);
    throw error;
  } finally {
    optimizer.dispose();
  }
};

const ALTITUDES: [string, Loop][] = [
  ['fit', byFit],
  ['trainStep', byTrainStep],
  ['a loop of one’s own', byHand],
];

interface Outcome {
  readonly seen: string[];
  readonly weights: number[][];
  readonly error?: unknown;
}

async function run(loop: Loop, also = {}, batchCount = 2, plugins: Plugin[] = []): Promise<Outcome> {
  const seen: string[] = [];
  const [teacher, student] = [mlp(16, 1), mlp(4, 2)];
  const manager = prepareCompression(student, {
    teacher,
    criterion: knowledgeDistillation({ temperature: 2 }),
    optimizer: train.sgd(0.1),
    stepRunner: 'eager', // a loop by hand is, and here the weights agree to the bit
    plugins: [...plugins, recorder(seen, also)],
  });
  const batches = Array.from({ length: batchCount }, (_, i) => problem(8, i + 1));
  try {
    await loop(manager, batches);
    return { seen, weights: await weightsOf(student) };
  } catch (error) {
    return { seen, weights: await weightsOf(student), error };
  } finally {
    manager.dispose();
    dispose([batches]);
    teacher.dispose();
    student.dispose();
  }
}

const STEP = [
  'onStepBegin',
  'onAfterComputeLoss',
  'onBeforeOptimizerStep',
  'onAfterOptimizerStep',
  'onStepEnd',
];
const epoch = (steps: number) => ['onEpochBegin', ...Array<string[]>(steps).fill(STEP).flat(), 'onEpochEnd'];

describe.each(ALTITUDES)('%s', (_, loop) => {
  it('fires the hooks in the documented order', async () => {
    const { seen, error } = await run(loop);
    expect(error).toBeUndefined();
    expect(seen).toEqual(['onTrainBegin', ...epoch(2), ...epoch(2), 'onTrainEnd']);
  });

  it('ends after the running step when a plugin asks to stop', async () => {
    const seen: string[] = [];
    const stopper: Plugin = { name: 'stopper', onStepEnd: (ctx) => ctx.stop('enough') };
    const outcome = await run(loop, {}, 2, [stopper]);
    expect(outcome.seen).toEqual(['onTrainBegin', ...epoch(1), 'onTrainEnd']);
    expect(seen).toEqual([]);
  });

  it('tells onError of an exception in an async hook, once, and rethrows it with its place', async () => {
    const throws = { onStepEnd: () => Promise.reject(new Error('boom')) };
    const { seen, error } = await run(loop, throws);
    expect(seen).toEqual(['onTrainBegin', 'onEpochBegin', ...STEP, 'onError']);
    expect(error).toMatchObject({
      name: 'HookError',
      hook: 'onStepEnd',
      plugin: 'recorder',
      epoch: 0,
      step: 0,
    });
  });

  it('tells onError of an exception in a hook inside the tape, and leaves the weights alone', async () => {
    const untouched = await run(loop, {}, 0);
    const throws = {
      onAfterComputeLoss: () => {
        throw new Error('boom');
      },
    };
    const { seen, error, weights } = await run(loop, throws);
    expect(seen).toEqual(['onTrainBegin', 'onEpochBegin', 'onStepBegin', 'onAfterComputeLoss', 'onError']);
    expect(error).toMatchObject({ hook: 'onAfterComputeLoss' });
    expect(weights).toEqual(untouched.weights);
  });

  it('awaits an async hook before it goes on', async () => {
    const order: string[] = [];
    const slow: Plugin = {
      name: 'slow',
      onStepBegin: async () => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        order.push('begin');
      },
      onAfterOptimizerStep: () => void order.push('optimizer'),
    };
    await run(loop, {}, 2, [slow]);
    expect(order.slice(0, 4)).toEqual(['begin', 'optimizer', 'begin', 'optimizer']);
  });

  it('fires the hooks of an empty epoch', async () => {
    const { seen } = await run(loop, {}, 0);
    expect(seen).toEqual(['onTrainBegin', ...epoch(0), ...epoch(0), 'onTrainEnd']);
  });

  it('chains two plugins that both change the loss', async () => {
    const losses: Scalar[] = [];
    const values: number[] = [];
    const double = (name: string): Plugin => ({
      name,
      onAfterComputeLoss: (loss) => {
        losses.push(loss);
        return mul(loss, 2);
      },
    });
    const reader: Plugin = {
      name: 'reader',
      onStepEnd: async ({ loss, parts }) => {
        const [total, task, kd] = [
          await loss.value(),
          await parts['task']?.value(),
          await parts['kd']?.value(),
        ];
        values.push(total / (0.1 * (task ?? NaN) + 0.9 * (kd ?? NaN)));
      },
    };
    await run(loop, {}, 2, [double('once'), double('twice'), reader]);
    expect(losses.length).toBe(8);
    for (const ratio of values) expect(ratio).toBeCloseTo(4, 4);
  });

  it('lets a plugin replace the gradients', async () => {
    const zero: Plugin = {
      name: 'zero',
      onBeforeOptimizerStep: (grads) =>
        Object.fromEntries(Object.entries(grads).map(([name, grad]) => [name, mul(grad, 0)])),
    };
    const untouched = await run(loop, {}, 0);
    expect((await run(loop, {}, 2, [zero])).weights).toEqual(untouched.weights);
  });
});

describe('the three altitudes', () => {
  it('train to the same weights', async () => {
    const [fit, step, own] = await Promise.all([run(byFit), run(byTrainStep), run(byHand)]);
    expect(step.weights).toEqual(fit.weights);
    expect(own.weights).toEqual(fit.weights);
    expect(fit.weights).not.toEqual((await run(byFit, {}, 0)).weights);
  });
});
