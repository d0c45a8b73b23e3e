import { memory, scalar, type Tensor, train, type Variable } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { attachExits, evaluateExits, exportExits, prepareCompression } from '@tfjs-distill/core';
import { beYourOwnTeacher, lossesModule, selfDistillation } from '@tfjs-distill/losses';
import { describe, expect, it, vi } from 'vitest';
import { convolutional, residual, stripes } from '../core/exits/networks.js';

const student = (): LayersModel =>
  attachExits(convolutional(), [
    { after: 'conv1', head: 'attention' },
    { after: 'conv2', head: 'bottleneck' },
    { after: 'conv3', head: 'pool' },
  ]);

const values = async (model: LayersModel): Promise<number[][]> =>
  Promise.all(model.getWeights().map(async (weight) => [...(await weight.data())]));

/** Trains a model for some epochs, and gives its weights. */
async function trained(model: LayersModel, criterion: object, epochs = 2): Promise<number[][]> {
  const manager = prepareCompression(model, {
    criterion: criterion as { type: string },
    optimizer: train.adam(0.01),
    modules: [lossesModule],
  });
  await manager.fit(stripes(32), { epochs, batchSize: 16, seed: 1 });
  manager.dispose();
  return values(model);
}

describe('selfDistillation', () => {
  it('is beYourOwnTeacher over the exits, their features and the deepest one', async () => {
    const [one, other] = [student(), student()];
    const byHand = beYourOwnTeacher({
      exits: ['exit_conv1', 'exit_conv2', 'exit_conv3'],
      features: { exits: ['feature_exit_conv1', 'feature_exit_conv2', 'conv3'], deepest: 'conv3' },
      featureWeight: 0.03 / 4, // conv3 has 2×2 positions
    });
    expect(await trained(one, selfDistillation())).toEqual(await trained(other, byHand));
    one.dispose();
    other.dispose();
  });

  it('is known to configurations by its type', async () => {
    const [one, other] = [student(), student()];
    const options = { alpha: 0.5, temperature: 2, featureWeight: 0.1 };
    const json = { type: 'self-distillation', ...options };
    expect(await trained(one, json)).toEqual(await trained(other, selfDistillation(options)));
    one.dispose();
    other.dispose();
  });

  it('trains every exit and the deepest classifier, without a teacher and without a leak', async () => {
    const model = student();
    const data = stripes(96, 2);
    const counts: number[] = [];
    const manager = prepareCompression(model, {
      criterion: selfDistillation(),
      optimizer: train.adam(0.01),
      plugins: [{ name: 'count', onStepBegin: () => void counts.push(memory().numTensors) }],
    });
    await manager.fit(data, { epochs: 16, batchSize: 24 });
    manager.dispose();
    expect(new Set(counts.slice(3)).size).toBe(1);
    for (const { accuracy } of await evaluateExits(model, data)) expect(accuracy).toBeGreaterThan(0.7);
    model.dispose();
  });

  it('learns batch norm’s statistics in the body and in the heads, once a step', async () => {
    const model = student();
    const means = async (name: string) => [...(await model.getLayer(name).getWeights()[2]!.data())];
    const names = ['conv1_norm', 'gate_norm_exit_conv1', 'feature_norm_exit_conv2'];
    const before = await Promise.all(names.map(means));
    const calls = names.map((name) => vi.spyOn(model.getLayer(name), 'call'));
    const manager = prepareCompression(model, { criterion: selfDistillation() });
    await manager.trainStep(stripes(8));
    manager.dispose();
    for (const call of calls) expect(call).toHaveBeenCalledTimes(1);
    const after = await Promise.all(names.map(means));
    for (const [i, mean] of after.entries()) expect(mean).not.toEqual(before[i]);
    model.dispose();
  });

  it('moves nothing that only the deepest classifier uses', async () => {
    const model = attachExits(residual(), [{ after: 'conv1', head: 'bottleneck' }]);
    const manager = prepareCompression(model, {
      criterion: selfDistillation({ featureWeight: 1 }),
      taskLoss: () => scalar(0),
      optimizer: train.sgd(0.1),
    });
    const named = (name: string) =>
      manager.variables.find((variable) => variable.name.startsWith(`${name}/`));
    const read = async (variable: Variable | undefined) => [...(await (variable as Tensor).data())];
    const watched = ['logits', 'conv3', 'conv2', 'conv1', 'exit_conv1'].map(named);
    const before = await Promise.all(watched.map(read));
    await manager.trainStep(stripes(8));
    const after = await Promise.all(watched.map(read));
    const moved = after.map((values, i) => values.some((value, k) => value !== before[i]![k]));
    expect(moved).toEqual([false, false, false, true, true]);
    manager.dispose();
    model.dispose();
  });

  it('trains adapters where a head does not give the deepest shape, and leaves them out of the export', async () => {
    const model = attachExits(convolutional(), [{ after: 'conv1', head: 'pool' }]);
    const manager = prepareCompression(model, { criterion: selfDistillation() });
    const adapters = manager.variables.filter(({ name }) => name.startsWith('byot/'));
    expect(adapters.map(({ name, shape }) => [name, shape])).toEqual([
      ['byot/conv1-conv3/kernel', [4, 16]],
      ['byot/conv1-conv3/bias', [16]],
    ]);
    const before = await adapters[0]!.data();
    await manager.trainStep(stripes(8));
    expect(await adapters[0]!.data()).not.toEqual(before);
    const plain = convolutional();
    expect(
      exportExits(model)
        .getWeights()
        .map(({ shape }) => shape),
    ).toEqual(plain.getWeights().map(({ shape }) => shape));
    manager.dispose();
    plain.dispose();
    model.dispose();
  });

  it('takes some of the exits, and no features where their weight is 0', () => {
    const model = student();
    const manager = prepareCompression(model, {
      criterion: selfDistillation({ exits: 'exit_conv2', alpha: 0, featureWeight: 0 }),
    });
    expect(manager.taps).toEqual(['exit_conv2']);
    manager.dispose();
    model.dispose();
  });

  it('refuses students without exits, unknown exits and layers, and a second manager', () => {
    const plain = convolutional();
    expect(() => prepareCompression(plain, { criterion: selfDistillation() })).toThrow(
      /selfDistillation: Student "convolutional" has no exits\. Attach some/,
    );
    plain.dispose();
    const model = student();
    const prepare = (options: object) => prepareCompression(model, { criterion: selfDistillation(options) });
    expect(() => prepare({ exits: 'exit_conv4' })).toThrow(/Unknown exit "exit_conv4"\. Did you mean/);
    expect(() => prepare({ deepest: 'conv9' })).toThrow(/Unknown layer "conv9"/);
    expect(() => prepare({ alpha: 2 })).toThrow(/`alpha`/);
    const criterion = selfDistillation();
    const manager = prepareCompression(model, { criterion });
    expect(() => prepareCompression(model, { criterion })).toThrow(/in use by another manager/);
    manager.dispose();
    model.dispose();
  });
});
