import { tensor1d, tensor2d, type Tensor, zeros, variable, variableGrads } from '@tensorflow/tfjs-core';
import { initializers, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { prepareCompression } from '@tfjs-distill/core';
import { beYourOwnTeacher, beYourOwnTeacherLoss, type BeYourOwnTeacherOptions } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { problem } from '../fixtures/models.js';
import { describeGolden } from '../parity/golden.js';
import { normal, numberOf } from './featureRig.js';

describeGolden<BeYourOwnTeacherOptions>('byot', (inputs, options) => {
  const { teacher, exit1, exit2, labels, weights, deepestFeature, exitFeature1, exitFeature2 } = inputs;
  const features = deepestFeature && { deepest: deepestFeature, exits: [exitFeature1!, exitFeature2!] };
  return beYourOwnTeacherLoss(teacher!, [exit1!, exit2!], { ...options, labels, weights, features });
});

describe('beYourOwnTeacherLoss', () => {
  it('is 1.9458 for the example', async () => {
    const [deepest, exit] = [tensor2d([[0, 2]]), tensor2d([[2, 0]])];
    const options = { labels: tensor1d([1], 'int32'), temperature: 1 };
    expect(await numberOf(beYourOwnTeacherLoss(deepest, [exit], options))).toBeCloseTo(1.9458, 4);
  });

  it('sends no gradient to the deepest exit, neither its logits nor its feature', async () => {
    const [deepest, feature, exit] = [normal([3, 4], 1), normal([3, 5], 2), normal([3, 4], 3)].map((x) =>
      variable(x),
    );
    const loss = () =>
      beYourOwnTeacherLoss(deepest!, [exit!], {
        labels: tensor1d([0, 1, 2], 'int32'),
        features: { deepest: feature!, exits: [normal([3, 5], 4)] },
      });
    const { grads } = variableGrads(loss, [deepest!, feature!, exit!]);
    const gradient = async (x: Tensor & { name: string }) => [...((await grads[x.name]?.data()) ?? [])];
    expect((await gradient(deepest!)).filter((x) => x !== 0)).toEqual([]);
    expect((await gradient(feature!)).filter((x) => x !== 0)).toEqual([]);
    expect((await gradient(exit!)).some((x) => x !== 0)).toBe(true);
    for (const x of [deepest, feature, exit]) x!.dispose();
  });

  it('refuses missing labels, no exits, too few features and shares out of range', () => {
    const logits = zeros([2, 3]);
    const labels = tensor1d([0, 1], 'int32');
    expect(() => beYourOwnTeacherLoss(logits, [logits])).toThrow(
      /`labels` to be given where `alpha` is below 1/,
    );
    expect(() => beYourOwnTeacherLoss(logits, [], { labels })).toThrow(/`exitLogits`/);
    expect(() => beYourOwnTeacherLoss(logits, [logits], { labels, alpha: 2 })).toThrow(/`alpha`.*got 2/);
    expect(() => beYourOwnTeacherLoss(logits, [zeros([2, 4])], { labels })).toThrow(/\[2, 3\].*\[2, 4\]/);
    const features = { deepest: logits, exits: [] };
    expect(() => beYourOwnTeacherLoss(logits, [logits], { labels, features })).toThrow(
      /a list of 1 tensors, got 0/,
    );
  });
});

/** Four features in, an exit after the first hidden layer, three classes. */
function withExit() {
  const input = layers.input({ shape: [4] });
  const dense = (name: string, units: number, activation: 'relu' | 'linear', seed: number) =>
    layers.dense({ name, units, activation, kernelInitializer: initializers.glorotUniform({ seed }) });
  const apply = (layer: layers.Layer, x: SymbolicTensor) => layer.apply(x) as SymbolicTensor;
  const hidden1 = apply(dense('hidden1', 8, 'relu', 1), input);
  const exit1 = apply(dense('exit1', 3, 'linear', 2), hidden1);
  const hidden2 = apply(dense('hidden2', 6, 'relu', 3), hidden1);
  const logits = apply(dense('logits', 3, 'linear', 4), hidden2);
  const aside = apply(layers.activation({ activation: 'linear', name: 'aside' }), exit1);
  return model({ inputs: input, outputs: [logits, aside] }); // an exit is part of the model as another output
}

describe('beYourOwnTeacher', () => {
  it('trains the exits of a student without any teacher', async () => {
    const student = withExit();
    const manager = prepareCompression(student, {
      criterion: beYourOwnTeacher({ exits: ['exit1'], features: { exits: ['hidden1'], deepest: 'hidden2' } }),
    });
    expect(manager.variables.map(({ name }) => name)).toContain('byot/hidden1-hidden2/kernel');
    const { epochs } = await manager.fit(problem(32), { epochs: 12, batchSize: 16 });
    expect(epochs.at(-1)!['byot']).toBeLessThan(epochs[0]!['byot']!);
    manager.dispose();
    student.dispose();
  });

  it('refuses features that are not one for each exit, and unknown layers', () => {
    const features = { exits: ['a', 'b'], deepest: 'c' };
    expect(() => beYourOwnTeacher({ exits: 'x', features })).toThrow(
      /`features.exits` to be one layer for each exit/,
    );
    const student = withExit();
    expect(() => prepareCompression(student, { criterion: beYourOwnTeacher({ exits: 'exit2' }) })).toThrow(
      /Did you mean "exit1"/,
    );
    student.dispose();
  });
});
