import { readdirSync, readFileSync } from 'node:fs';
import { engine, memory, type Tensor, train } from '@tensorflow/tfjs-core';
import { prepareCompression, type StepReport } from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';
import { type Method, nameOf } from '../../losses/conformance/Method.js';
import { batchOf, modelsOf } from '../../losses/conformance/rig.js';
import { farthest } from '../../node/compiled/rig.js';

const NATIVE = engine().backendName === 'tensorflow';
const STEPS = 50;

const folder = new URL('../../losses/conformance/methods/', import.meta.url);
const tables = await Promise.all(
  readdirSync(folder).map(
    (file) => import(new URL(file, folder).href) as Promise<{ methods: readonly Method[] }>,
  ),
);
const METHODS = tables.flatMap(({ methods }) => methods).map((method) => [nameOf(method), method] as const);

/** At a larger rate its losses fall by jumps, and eager steps themselves hang on the last bit. */
const RATES: Readonly<Record<string, number>> = { ft: 1e-5 };

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
    optimizer: train.sgd(RATES[method.factory.type] ?? 1e-3),
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
  const weights = await valuesOf(manager.variables);
  const report = manager.stepReport;
  manager.dispose();
  models.dispose();
  return { losses, weights, report };
}

async function valuesOf(tensors: readonly Tensor[]): Promise<number[]> {
  return (await Promise.all(tensors.map(async (tensor) => [...(await tensor.data())]))).flat();
}

/** What the page says of the criteria that are not compiled: what each reads. */
const page = readFileSync(new URL('../../../docs/compiled-steps.md', import.meta.url), 'utf8');
const listed = new Map(
  [...page.matchAll(/^\| `([\w-]+)`( with `memory`)? +\| (.*?):/gm)].map(
    ([, type = '', memory = '', reads = '']) => [
      type + memory,
      [...reads.matchAll(/`([\w.]+)`/g)].map(([, name]) => name).join(', '),
    ],
  ),
);
const listedFor = ({ factory, options = {} }: Method) =>
  listed.get('memory' in options ? `${factory.type} with \`memory\`` : factory.type);

/** Sums of many terms, or small differences of large ones: how far rounding may take them. */
const COARSER: Readonly<Record<string, number>> = {
  'tf-kd': 5e-5,
  pkt: 5e-5,
  'intermediate-layers': 1e-4,
};

describe.runIf(NATIVE)('compiled and eager steps agree', () => {
  it.each(METHODS)('%s', async (_, method) => {
    const eager = await trained(method, 'eager');
    const compiled = await trained(method, 'auto');
    const tolerance = COARSER[method.factory.type] ?? 1e-5;
    expect(farthest(eager.losses, compiled.losses)).toBeLessThan(tolerance);
    expect(farthest(eager.weights, compiled.weights)).toBeLessThan(tolerance);
    const reads = listedFor(method);
    const reasons = reads === undefined ? [] : [`JavaScript runs at every step: a criterion reads ${reads}`];
    const { eager: first = 0, compiled: alone, reasons: given } = compiled.report!;
    expect([alone, given]).toEqual([reads === undefined ? STEPS - 2 : 0, reasons]);
    expect(first).toBeLessThanOrEqual(2);
  });
});
