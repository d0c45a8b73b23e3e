import { mul, randomNormal, sum, type Tensor, tensor1d, train, variableGrads } from '@tensorflow/tfjs-core';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { type CompressionManager, type Criterion, prepareCompression, stageAt } from '@tfjs-distill/core';
import { hint, intermediateLayers, knowledgeDistillation } from '@tfjs-distill/losses';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

let student: LayersModel;
let teacher: LayersModel;
beforeEach(() => {
  student = network(3, 1);
  teacher = network(5, 2);
});
afterEach(() => {
  student.dispose();
  teacher.dispose();
});

const LAYERS = ['first', 'guided', 'last', 'logits'] as const;

function network(units: number, seed: number): LayersModel {
  const model = sequential({ name: `of-${units}` });
  for (const [i, name] of LAYERS.entries()) {
    model.add(
      layers.dense({
        name,
        units: name === 'logits' ? 3 : units,
        activation: name === 'logits' ? 'linear' : 'tanh',
        ...(i === 0 && { inputShape: [4] }),
      }),
    );
  }
  model.setWeights(
    model.getWeights().map((weight, i) => randomNormal(weight.shape, 0, 0.7, 'float32', 10 * seed + i)),
  );
  return model;
}

const data = () => [
  { x: randomNormal([6, 4], 0, 1, 'float32', 3), y: tensor1d([0, 1, 2, 0, 1, 2], 'int32') },
];
const guide = () => hint({ student: 'guided', teacher: 'guided', taskWeight: 0, weight: 1 });
const kd = () => knowledgeDistillation({ temperature: 2 });

/** FitNets. */
const stages = () => [
  { epochs: 2, criterion: guide(), train: 'adapters+upTo:guided' as const },
  { epochs: 3, criterion: kd() },
];

const numbers = async (tensor: Tensor): Promise<number[]> => [...(await tensor.data())];

/** Weights by layer, those of the adapters last. */
async function weights(manager: CompressionManager): Promise<Record<string, number[]>> {
  const entries = LAYERS.map(async (name) => {
    const values = await Promise.all(student.getLayer(name).getWeights().map(numbers));
    return [name, values.flat()] as const;
  });
  const adapters = manager.criteria.flatMap(({ variables = [] }) => variables);
  const own = (await Promise.all(adapters.map(numbers))).flat();
  return Object.fromEntries([...(await Promise.all(entries)), ['adapters', own]]);
}

/** Names of what an action moves. */
async function moved(manager: CompressionManager, action: () => Promise<unknown>): Promise<string[]> {
  const before = await weights(manager);
  await action();
  const after = await weights(manager);
  return Object.keys(before).filter((name) => before[name]!.some((value, i) => value !== after[name]![i]));
}

const prepare = (options: object = { stages: stages() }) =>
  prepareCompression(student, { teacher, ...options });

describe('stageAt', () => {
  it('is the stage that all epochs before it lead to', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(lengths, fc.nat(30), (each, epoch) => {
        const laidOut = each.flatMap((length, stage) => Array<number>(length).fill(stage));
        expect(stageAt(each, epoch)).toBe(laidOut[epoch] ?? each.length - 1);
      }),
    );
  });

  it('is the first before any epoch', () => {
    expect(stageAt([2, 3], -1)).toBe(0);
  });
});

describe('stages', () => {
  it('train what they name: the hint moves the guided layers, then everything moves', async () => {
    const manager = prepare();
    expect(await moved(manager, () => manager.fit(data(), { epochs: 2 }))).toEqual([
      'first',
      'guided',
      'adapters',
    ]);
    const later = prepare({ stages: [{ ...stages()[0]!, epochs: 1 }, stages()[1]!] });
    await later.fit(data(), { epochs: 1 });
    const all = moved(later, () => later.fit(data(), { epochs: 3 }));
    expect(await all).toEqual([...LAYERS, 'adapters']);
    manager.dispose();
    later.dispose();
  });

  it('last together as long as `fit` does, and the history says which was which', async () => {
    const manager = prepare();
    const { epochs } = await manager.fit(data());
    manager.dispose();
    expect(epochs.map(({ stage }) => stage)).toEqual([0, 0, 1, 1, 1]);
    expect(
      epochs.map((row) => Object.keys(row).filter((name) => name === 'kd' || name === 'fitnet')),
    ).toEqual([['fitnet'], ['fitnet'], ['kd'], ['kd'], ['kd']]);
    expect(epochs[1]!['loss']).toBeLessThan(epochs[0]!['loss']!);
  });

  it('end earlier or later where `fit` says so: the last one goes on', async () => {
    const manager = prepare();
    const { epochs } = await manager.fit(data(), { epochs: 7 });
    expect(epochs.map(({ stage }) => stage)).toEqual([0, 0, 1, 1, 1, 1, 1]);
    manager.dispose();
  });

  it('follow from the epoch alone, in a loop of one’s own too', async () => {
    const manager = prepare();
    const [batch] = data();
    const optimizer = train.sgd(0.1);
    const seen: unknown[] = [];
    await manager.onTrainBegin();
    for (const epoch of [3, 0]) {
      await manager.onEpochBegin(epoch);
      seen.push([manager.stage, manager.taps, manager.variables.length]);
      const names = await moved(manager, async () => {
        await manager.onStepBegin(batch!);
        const { grads } = variableGrads(() => {
          const output = manager.model.forward(batch!.x, { training: true, taps: manager.taps });
          return manager.onAfterComputeLoss(batch!.x, output, mul(sum(output.output), 0));
        }, manager.variables);
        optimizer.applyGradients(manager.onBeforeOptimizerStep(grads));
        manager.onAfterOptimizerStep();
        await manager.onStepEnd();
      });
      seen.push(names);
      await manager.onEpochEnd();
    }
    await manager.onTrainEnd();
    expect(seen).toEqual([[1, [], 8], [...LAYERS], [0, ['guided'], 6], ['first', 'guided', 'adapters']]);
    manager.dispose();
    optimizer.dispose();
  });

  it('compute only the running one’s criteria and taps', async () => {
    const calls: string[] = [];
    const spy = (type: string, tap: string): Criterion => ({
      type,
      taps: { student: [tap], teacher: [tap] },
      compute: ({ taskLoss, studentOutputs, teacherOutputs }) => {
        calls.push(
          [type, ...Object.keys(studentOutputs.features), ...Object.keys(teacherOutputs.features)].join(),
        );
        return taskLoss;
      },
    });
    const manager = prepare({
      stages: [
        { epochs: 1, criterion: spy('a', 'first') },
        { epochs: 1, criterion: [spy('b', 'last'), spy('c', 'last')] },
      ],
    });
    await manager.fit(data());
    expect(calls).toEqual(['a,first,first', 'b,last,last', 'c,last,last']);
    manager.dispose();
  });

  it('each have their own moments: the second trains as if it were alone', async () => {
    const start = student.getWeights().map((weight) => weight.clone());
    const second = { epochs: 2, criterion: kd(), train: 'after:guided' as const };
    const alone = prepare({ stages: [second], optimizer: train.adam(0.01) });
    await alone.fit(data(), { shuffle: false });
    const wanted = await weights(alone);
    alone.dispose();
    student.setWeights(start);
    const first = { epochs: 3, criterion: kd(), train: 'upTo:guided' as const, optimizer: train.sgd(0) };
    const both = prepare({ stages: [first, second], optimizer: train.adam(0.01) });
    await both.fit(data(), { shuffle: false });
    expect(await weights(both)).toEqual(wanted);
    both.dispose();
  });

  it('share a criterion, whose adapters go on learning', async () => {
    const shared = guide();
    const prepared = vi.spyOn(shared, 'prepare');
    const manager = prepare({
      stages: [
        { epochs: 1, criterion: shared, train: 'adapters' },
        { epochs: 1, criterion: [shared, kd()] },
      ],
    });
    expect(prepared).toHaveBeenCalledOnce();
    expect(await moved(manager, () => manager.fit(data(), { epochs: 1 }))).toEqual(['adapters']);
    expect(await moved(manager, () => manager.fit(data()))).toEqual([...LAYERS, 'adapters']);
    manager.dispose();
  });

  it('tell plugins the running stage’s optimizer', async () => {
    const own = train.sgd(0.5);
    const seen: unknown[] = [];
    const plugins = [
      { name: 'see', onEpochBegin: (ctx: { optimizer: unknown }) => void seen.push(ctx.optimizer) },
    ];
    const manager = prepare({ stages: [stages()[0]!, { ...stages()[1]!, optimizer: own }], plugins });
    await manager.fit(data());
    expect(seen.map((optimizer) => optimizer === own)).toEqual([false, false, true, true, true]);
    expect(seen[0]).toBeDefined();
    manager.dispose();
  });

  it.each([
    ['all', 10],
    ['student', 8],
    ['adapters', 2],
    ['upTo:first', 2],
    ['after:first', 6],
    ['adapters+upTo:first', 4],
    ['upTo:first+after:last', 4],
  ] as const)("train '%s': %d variables", (set, count) => {
    const manager = prepare({ stages: [{ epochs: 1, criterion: guide(), train: set }] });
    expect(manager.variables).toHaveLength(count);
    manager.dispose();
  });
});

describe('stages are refused', () => {
  const one = (stage: object) => ({ stages: [stages()[1]!, stage] });
  it.each([
    ['none', () => ({ stages: [] }), 'Expected `stages` to be a list of at least one stage'],
    [
      'beside a criterion',
      () => ({ stages: stages(), criterion: kd() }),
      'or `stages` in its place, got "both"',
    ],
    ['without epochs', () => one({ criterion: kd() }), 'Expected `stages.1.epochs` to be'],
    [
      'of half an epoch',
      () => one({ epochs: 0.5, criterion: kd() }),
      'Expected `stages.1.epochs` to be a whole number',
    ],
    ['without a criterion', () => one({ epochs: 1 }), 'Expected `stages.1.criterion` to be a criterion'],
    [
      'with a slip',
      () => one({ epochs: 1, criterion: kd(), trian: 'all' }),
      'Unknown option "stages.1.trian"',
    ],
    [
      'of an unknown layer',
      () => one({ epochs: 1, criterion: kd(), train: 'upTo:guide' }),
      'Unknown layer "guide". Did you mean "guided"?',
    ],
    [
      'of an unknown part',
      () => one({ epochs: 1, criterion: kd(), train: 'adaptors' }),
      "stage 2: Expected `train` to be 'all'",
    ],
    [
      'that train nothing',
      () => one({ epochs: 1, criterion: kd(), train: 'adapters' }),
      "stage 2: Nothing is trained by `train: 'adapters'`. Its criteria have no adapters.",
    ],
    [
      'that tap what is not there',
      () => one({ epochs: 1, criterion: intermediateLayers({ mappings: [['gided', 'guided']] }) }),
      'Unknown layer "gided". Did you mean "guided"?',
    ],
  ])('%s, before the first one runs', (_, options, message) => {
    expect(() => prepare(options())).toThrow(message);
  });

  it('where a student does not say what its layers are made of', () => {
    const variables = student.trainableWeights.map((weight) => weight.read());
    const plain = {
      variables: variables as never,
      forward: (x: unknown) => student.apply(x as Tensor) as Tensor,
    };
    expect(() =>
      prepareCompression(plain, { teacher, stages: [{ ...stages()[1]!, train: 'upTo:first' }] }),
    ).toThrow('Give it `variablesUpTo: (layer) => variables`');
    const telling = { ...plain, variablesUpTo: () => variables.slice(0, 2) as never };
    const manager = prepareCompression(telling, {
      teacher,
      stages: [{ ...stages()[1]!, train: 'upTo:first' }],
    });
    expect(manager.variables).toHaveLength(2);
    manager.dispose();
  });

  it('where nobody would use the optimizer', () => {
    const own = stages().map((stage) => ({ ...stage, optimizer: train.sgd(1) }));
    const optimizer = train.sgd(1);
    expect(() => prepare({ stages: own, optimizer })).toThrow(
      '`optimizer` to be left out where every stage has its own',
    );
    for (const one of [optimizer, ...own.map(({ optimizer: each }) => each)]) one.dispose();
  });

  it('where the optimizer cannot be copied', () => {
    const optimizer = { applyGradients: () => undefined, dispose: () => undefined };
    expect(() => prepare({ stages: stages(), optimizer })).toThrow('stage 2: The optimizer cannot be copied');
  });
});
