import { losses, randomNormal, type Scalar, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { type Logs, prepareCompression } from '@tfjs-distill/core';
import { attentionTransfer, hint, intermediateLayers, lossesModule } from '@tfjs-distill/losses';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let student: LayersModel;
let teacher: LayersModel;
beforeEach(() => {
  student = network(4);
  teacher = network(6);
});
afterEach(() => {
  student.dispose();
  teacher.dispose();
});

/** conv1 [8, 8, n] → conv2 [4, 4, 2n] → flat → logits [3]. */
function network(filters: number): LayersModel {
  const common = { kernelSize: 3, padding: 'same', activation: 'relu' } as const;
  const model = sequential({ name: `of-${filters}` });
  model.add(layers.conv2d({ ...common, name: 'conv1', filters, inputShape: [8, 8, 1] }));
  model.add(layers.conv2d({ ...common, name: 'conv2', filters: 2 * filters, strides: 2 }));
  model.add(layers.flatten({ name: 'flat' }));
  model.add(layers.dense({ name: 'logits', units: 3 }));
  return model;
}

const batch = () => ({
  x: randomNormal([4, 8, 8, 1], 0, 1, 'float32', 1),
  y: tensor1d([0, 1, 2, 0], 'int32'),
});

const mse = (a: Tensor, b: Tensor): Scalar => losses.meanSquaredError(a, b);
const manager = (criterion: unknown) =>
  prepareCompression(student, {
    teacher,
    criterion: criterion as never,
    modules: [lossesModule],
  });

/** The history of one epoch of one batch. */
async function oneEpoch(criterion: unknown): Promise<Logs> {
  const running = manager(criterion);
  const { epochs } = await running.fit([batch()]);
  running.dispose();
  return epochs[0]!;
}

describe('intermediateLayers', () => {
  it('sums the pairs, each by its own weight, and records each one', async () => {
    const weights = student.getWeights().map((weight) => weight.clone());
    const row = await oneEpoch(
      intermediateLayers({
        mappings: [
          { student: 'conv1', teacher: 'conv1', loss: 'at', weight: 3 },
          { student: 'conv2', teacher: 'conv2', loss: mse, weight: 0.5 },
          { student: 'logits', teacher: 'logits', loss: mse, adapter: 'identity' },
        ],
        taskWeight: 0,
      }),
    );
    student.setWeights(weights);
    const attention = await oneEpoch(attentionTransfer({ student: 'conv1', teacher: 'conv1' }));
    expect(row['conv1-conv1']).toBeCloseTo(attention['at']!, 6);
    const sum = 3 * row['conv1-conv1']! + 0.5 * row['conv2-conv2']! + row['logits-logits']!;
    expect(row['intermediate-layers']).toBeCloseTo(sum, 5);
    expect(row['loss']).toBeCloseTo(sum, 5); // the task counts for nothing
  });

  it('takes a pair of names for a hint, with its weight', async () => {
    const weights = student.getWeights().map((weight) => weight.clone());
    const row = await oneEpoch(intermediateLayers({ mappings: [['conv2', 'conv2']] }));
    student.setWeights(weights);
    const alone = await oneEpoch(hint({ student: 'conv2', teacher: 'conv2' }));
    expect(row['conv2-conv2']).toBeCloseTo(alone['fitnet']!, 6);
    expect(row['intermediate-layers']).toBeCloseTo(100 * alone['fitnet']!, 3);
  });

  it.each([
    ['by type', { student: 'conv1', teacher: 'conv2', loss: 'fitnet' }],
    ['by type with options', { student: 'conv1', teacher: 'conv2', loss: { type: 'cwd', temperature: 2 } }],
    ['by its function', { student: 'conv1', teacher: 'conv2', loss: hint }],
    ['as a plain function', { student: 'conv1', teacher: 'conv2', loss: mse }],
    ['that needs one rank, through an adapter', { student: 'conv1', teacher: 'logits', loss: mse }],
    [
      'without an adapter of its own',
      { student: 'conv1', teacher: 'conv2', loss: 'nst', adapter: 'conv3x3' },
    ],
  ] as const)('trains with a loss given %s, and the adapters move', async (_, mapping) => {
    const running = manager(intermediateLayers({ mappings: [mapping] }));
    const adapters = running.criteria.flatMap(({ variables = [] }) => variables);
    expect(adapters.length).toBeGreaterThan(0);
    expect(running.variables).toEqual(expect.arrayContaining(adapters));
    const [before, shapes] = [await Promise.all(adapters.map((one) => one.data())), student.countParams()];
    await running.trainStep(batch());
    const after = await Promise.all(adapters.map((one) => one.data()));
    running.dispose();
    expect(before.every((values, i) => values.some((value, j) => value !== after[i]![j]))).toBe(true);
    expect(student.countParams()).toBe(shapes); // and are no part of what is exported
  });

  it('is named by JSON', async () => {
    const json = {
      type: 'intermediate-layers',
      mappings: [['conv1', 'conv1'], { student: 'conv2', teacher: 'conv2', loss: { type: 'at', power: 1 } }],
    };
    const row = await oneEpoch(JSON.parse(JSON.stringify(json)));
    expect(Object.keys(row)).toEqual(expect.arrayContaining(['conv1-conv1', 'conv2-conv2']));
  });

  it('gives adapters of one shape different weights', async () => {
    const running = manager(
      intermediateLayers({
        mappings: [
          ['conv2', 'conv2'],
          ['conv2', 'conv2'],
        ],
      }),
    );
    const [first, second] = running.criteria[0]!.variables!.filter(({ name }) => name.endsWith('kernel'));
    expect(await first!.data()).not.toEqual(await second!.data());
    running.dispose();
  });
});

describe('intermediateLayers refuses', () => {
  it.each([
    [{ mappings: [] }, 'Expected `mappings` to be a list of at least 1'],
    [{ mappings: [['conv1']] }, '`mappings.0`'],
    [
      { mappings: [{ student: ['conv1', 'conv2'], teacher: ['conv1'] }] },
      'Expected `mappings.0` to be a mapping of as many student layers as teacher layers (2 and 1)',
    ],
    [{ mappings: [{ student: 'conv1', teacher: 'conv1', wieght: 1 }] }, 'Unknown option "mappings.0.wieght"'],
    [
      { mappings: [{ student: 'conv1', teacher: 'conv1', loss: 'fitnets' }] },
      'Unknown loss "fitnets". Did you mean "fitnet"?',
    ],
    [{ mappings: [{ student: 'conv1', teacher: 'conv1', loss: 'kd' }] }, 'Unknown loss "kd".'],
    [{ mappings: [{ student: 'conv1', teacher: 'conv1', loss: 3 }] }, "to be a type such as 'at'"],
    [
      { mappings: [{ student: 'conv1', teacher: 'conv1', loss: { type: 'at', powr: 1 } }] },
      'Unknown option "powr"',
    ],
    [{ mappings: [{ student: 'conv1', teacher: 'conv1', weight: -1 }] }, 'a number at least 0'],
  ])('%j when it is made', (options, message) => {
    expect(() => intermediateLayers(options as never)).toThrow(message);
  });

  it.each([
    [['conv3', 'conv1'], 'Unknown layer "conv3". Did you mean "conv1"?'],
    [['conv1', 'convv2'], 'Unknown layer "convv2". Did you mean "conv2"?'],
    [['logits', 'conv2'], 'Expected features of one rank, got `from` [null, 3] and `to` [null, 4, 4, 12].'],
    [{ student: 'flat', teacher: 'conv2', loss: 'at' }, "loss 'at': Expected features of one rank"],
    [
      { student: 'conv1', teacher: 'conv2', loss: mse, adapter: 'identity' },
      'features with as many channels',
    ],
    [{ student: 'conv1', teacher: 'conv2', loss: mse, adapter: 'pool' }, 'features with as many channels'],
  ] as const)('%j when the manager is made', (mapping, message) => {
    expect(() => manager(intermediateLayers({ mappings: [mapping as never] }))).toThrow(message);
  });
});
