import { readdirSync } from 'node:fs';
import { dispose, type Tensor, train } from '@tensorflow/tfjs-core';
import {
  type Batch,
  checkpoints,
  type CheckpointStore,
  type FitOptions,
  memoryCheckpoints,
  type Plugin,
  prepareCompression,
} from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';
import { type Method, nameOf } from './Method.js';
import { batchOf, modelsOf, prepared } from './rig.js';

/** The conformance table once more: every criterion that keeps something goes on from a checkpoint. */
const files = readdirSync(new URL('./methods', import.meta.url)).map((file) => file.replace('.ts', ''));
const tables = await Promise.all(
  files.map((file) => import(`./methods/${file}.ts`) as Promise<{ methods: readonly Method[] }>),
);
const METHODS = tables.flatMap(({ methods }) => methods).filter(keepsSomething);

/** Those with adapters, memories or averages; the others leave nothing behind. */
function keepsSomething(method: Method): boolean {
  const { criterion, dispose: done } = prepared(method);
  const { variables = [], state = [] } = criterion;
  done();
  return variables.length + state.length > 0;
}

const BATCHES = 2;

/** Numbers of all that a training of two epochs moved: the student, then the criterion's own. */
async function trained(method: Method, batches: Batch[], options: FitOptions): Promise<number[]> {
  const models = modelsOf(method);
  const manager = prepareCompression(models.student, {
    teacher: models.teacher,
    criterion: method.factory(method.options),
    optimizer: train.adam(0.01),
    stepRunner: 'eager', // here to the bit: a resumed training begins eagerly, and compiled steps round differently
  });
  try {
    await manager.fit(batches, { epochs: 2, ...options });
    const own = manager.criteria.flatMap(({ variables = [], state = [] }) => [...variables, ...state]);
    const all = [...models.student.variables, ...own] as Tensor[];
    return (await Promise.all(all.map(async (variable) => [...(await variable.data())]))).flat();
  } finally {
    manager.dispose();
    models.dispose();
  }
}

const throwsIn = (step: number): Plugin => ({
  name: 'killer',
  onStepBegin: ({ globalStep }) => {
    if (globalStep === step) throw new Error('killed');
  },
});

describe.each(METHODS.map((method) => [nameOf(method), method] as const))('%s', (_, method) => {
  it('goes on within an epoch as if nothing had happened', async () => {
    const batches = Array.from({ length: BATCHES }, (_unused, i) =>
      batchOf(method, method.batch ?? 6, i + 1),
    );
    const dir: CheckpointStore = memoryCheckpoints();
    const whole = await trained(method, batches, {});
    const cut = trained(method, batches, { plugins: [throwsIn(3), checkpoints({ dir })] });
    await expect(cut).rejects.toThrow('killed');
    const resumed = await trained(method, batches, { resume: dir });
    expect(resumed).toEqual(whole);
    dispose([batches] as never);
  });
});
