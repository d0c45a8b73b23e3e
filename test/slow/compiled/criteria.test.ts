import { readdirSync } from 'node:fs';
import { engine, memory, type Tensor, train } from '@tensorflow/tfjs-core';
import { prepareCompression, type StepReport } from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';
import { type Method, nameOf } from '../../losses/conformance/Method.js';
import { batchOf, modelsOf } from '../../losses/conformance/rig.js';

const NATIVE = engine().backendName === 'tensorflow';
const STEPS = 50;

const folder = new URL('../../losses/conformance/methods/', import.meta.url);
const tables = await Promise.all(
  readdirSync(folder).map(
    (file) => import(new URL(file, folder).href) as Promise<{ methods: readonly Method[] }>,
  ),
);
const METHODS = tables.flatMap(({ methods }) => methods).map((method) => [nameOf(method), method] as const);

interface Trained {
  readonly losses: readonly number[];
  readonly weights: readonly number[];
  readonly report: StepReport | undefined;
}

async function trained(method: Method, stepRunner: 'eager' | 'auto'): Promise<Trained> {
  const { batch: size = 6 } = method;
  const models = modelsOf(method);
  const losses: number[] = [];
  const manager = prepareCompression(models.student, {
    teacher: models.teacher,
    criterion: method.factory(method.options),
    // not Adam: it blows up the rounding of gradients that are truly 0 to whole steps
    optimizer: train.sgd(1e-3),
    stepRunner,
    plugins: [{ name: 'losses', onStepEnd: async ({ loss }) => void losses.push(await loss.value()) }],
  });
  const batches = [1, 2, 3].map((seed) => batchOf(method, size, seed));
  let tensors = 0;
  for (let step = 0; step < STEPS; step++) {
    await manager.trainStep(batches[step % 3]!);
    if (step === 10) tensors = memory().numTensors;
  }
  expect(memory().numTensors).toBe(tensors);
  const weights = await valuesOf(manager.variables as unknown as Tensor[]);
  const report = manager.stepReport;
  manager.dispose();
  models.dispose();
  return { losses, weights, report };
}

async function valuesOf(tensors: readonly Tensor[]): Promise<number[]> {
  return (await Promise.all(tensors.map(async (tensor) => [...(await tensor.data())]))).flat();
}

describe.runIf(NATIVE)('compiled and eager steps agree', () => {
  it.each(METHODS)('%s', async (name, method) => {
    const eager = await trained(method, 'eager');
    const compiled = await trained(method, 'auto');
    const loss = Math.max(
      ...eager.losses.map((l, i) => Math.abs(l - compiled.losses[i]!) / Math.max(1, Math.abs(l))),
    );
    const weight = Math.max(...eager.weights.map((w, i) => Math.abs(w - compiled.weights[i]!)));
    process.stdout.write(
      `@@ ${name} loss ${loss.toExponential(1)} weight ${weight.toExponential(1)} ${JSON.stringify(compiled.report)}\n`,
    );
    expect(loss).toBeLessThan(1e-5);
    expect(weight).toBeLessThan(1e-5);
  });
});
