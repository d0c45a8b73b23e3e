import { dispose, randomNormal, type Tensor, tensor1d, tensor2d, tidy, train } from '@tensorflow/tfjs-core';
import {
  input,
  layers,
  type LayersModel,
  model,
  sequential,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import {
  asStudent,
  type Criterion,
  liveTeacher,
  prepareCompression,
  type StudentOutputs,
} from '@tfjs-distill/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

let made: LayersModel[];
beforeEach(() => void (made = []));
afterEach(() => {
  for (const one of made) dispose(one.weights.map((weight) => weight.read())); // a reused layer outlives its model's dispose
});

const keep = <M extends LayersModel>(one: M): M => (made.push(one), one);
const numbers = async (tensor: Tensor): Promise<number[]> => [...(await tensor.data())];
const images = () => randomNormal([3, 4, 4, 1], 0, 1, 'float32', 7);

const dense = (name: string, units = 3) => layers.dense({ name, units, activation: 'tanh' });
const apply = (layer: { apply(x: SymbolicTensor): unknown }, x: SymbolicTensor) =>
  layer.apply(x) as SymbolicTensor;

/** body(conv → bn → flatten), then head(hidden → logits), each a model of its own. */
function nestedModel(name = 'nested'): LayersModel {
  const body = sequential({ name: 'body' });
  body.add(layers.conv2d({ name: 'conv', inputShape: [4, 4, 1], filters: 2, kernelSize: 3 }));
  body.add(layers.batchNormalization({ name: 'norm' }));
  body.add(layers.flatten({ name: 'flat' }));
  const inner = sequential({
    name: 'inner',
    layers: [layers.dense({ name: 'deep', units: 4, inputShape: [8] })],
  });
  const head = sequential({ name: 'head' });
  head.add(inner);
  head.add(dense('hidden', 5));
  const x = input({ shape: [4, 4, 1] });
  const logits = layers.dense({ name: 'logits', units: 3 });
  return keep(model({ name, inputs: x, outputs: apply(logits, apply(head, apply(body, x))) }));
}

/** Calls of each layer's `call` during a forward pass, by name, nested ones too. */
function countCalls(root: LayersModel): Map<string, number> {
  const calls = new Map<string, number>();
  const watch = (layer: LayersModel['layers'][number]) => {
    if ('layers' in layer) (layer as LayersModel).layers.forEach(watch);
    else {
      const original = layer.call.bind(layer);
      vi.spyOn(layer, 'call').mockImplementation((...args) => {
        calls.set(layer.name, (calls.get(layer.name) ?? 0) + 1);
        return original(...args);
      });
    }
  };
  root.layers.forEach(watch);
  return calls;
}

const student = (one: LayersModel) => asStudent(one);

/** A forward pass inside of a tidy, as a step has it. */
function forward(one: LayersModel, x: Tensor, taps: string[], training = false): StudentOutputs {
  let outputs: StudentOutputs | undefined;
  tidy(() => {
    outputs = student(one).forward(x, { training, taps });
    return [outputs.output, ...Object.values(outputs.features)];
  });
  return outputs as StudentOutputs;
}

describe('taps inside nested models', () => {
  const taps = ['body/conv', 'body/flat', 'head/inner/deep', 'head/inner', 'head', 'logits'];

  it('are listed with their shapes', () => {
    expect(student(nestedModel()).signature.features).toMatchObject({
      'body/conv': [null, 2, 2, 2],
      'body/norm': [null, 2, 2, 2],
      body: [null, 8],
      'head/inner/deep': [null, 4],
      'head/inner': [null, 4],
      'head/hidden': [null, 5],
      logits: [null, 3],
    });
  });

  it('give what the inner layers compute, in one pass', async () => {
    const one = nestedModel();
    const body = one.getLayer('body') as LayersModel;
    const x = images();
    const conv = body.getLayer('conv').apply(x) as Tensor;
    const before = one.predict(x) as Tensor;
    const calls = countCalls(one);
    const { output, features } = forward(one, x, taps);
    expect(Object.keys(features).sort()).toEqual([...taps].sort());
    expect(await numbers(features['body/conv']!)).toEqual(await numbers(conv));
    expect(await numbers(features['logits']!)).toEqual(await numbers(before));
    expect(await numbers(output)).toEqual(await numbers(before));
    expect(features['head/inner/deep']!.shape).toEqual([3, 4]);
    expect(await numbers(features['head/inner/deep']!)).toEqual(await numbers(features['head/inner']!));
    const ran = [...calls].filter(([name]) => !name.startsWith('input'));
    expect(ran.length).toBe(6);
    expect(ran.filter(([, count]) => count !== 1)).toEqual([]);
  });

  it('leave the model as it was, also when the pass fails', () => {
    const one = nestedModel();
    const body = one.getLayer('body');
    const pass = () => forward(one, images(), ['body/conv'], true);
    pass();
    expect(Object.hasOwn(body, 'call')).toBe(false);
    vi.spyOn(one.getLayer('head'), 'call').mockImplementation(() => {
      throw new Error('no');
    });
    expect(pass).toThrow('no');
    expect(Object.hasOwn(body, 'call')).toBe(false);
  });

  it('refuse an unknown inner layer with the nearest name', () => {
    expect(() => prepare(nestedModel(), { student: ['body/conf'] })).toThrow(
      'Unknown layer "body/conf". Did you mean "body/conv"?',
    );
  });

  it('say why not where the nested model runs twice', () => {
    const shared = sequential({
      name: 'twin',
      layers: [layers.dense({ name: 'deep', units: 2, inputShape: [2] })],
    });
    const x = input({ shape: [2] });
    const one = keep(model({ inputs: x, outputs: apply(shared, apply(shared, x)) }));
    expect(() => forward(one, tensor2d([[1, 2]]), ['twin/deep'])).toThrow(
      /Layer "twin" runs 2 times in model .* Inside of it only what runs once can be tapped: tap a layer behind it\./,
    );
  });
});

describe('a layer that runs twice', () => {
  function reused(): LayersModel {
    const x = input({ shape: [3] });
    const shared = dense('shared');
    const logits = layers.dense({ name: 'logits', units: 3 });
    return keep(
      model({ name: 'reused', inputs: x, outputs: apply(logits, apply(shared, apply(shared, x))) }),
    );
  }

  it('is addressed by its calls', async () => {
    const one = reused();
    const x = randomNormal([2, 3], 0, 1, 'float32', 1);
    const first = one.getLayer('shared').apply(x) as Tensor;
    const second = one.getLayer('shared').apply(first) as Tensor;
    const taps = ['shared#2', 'shared#1'];
    const { features } = forward(one, x, taps, true);
    expect(await numbers(features['shared#1']!)).toEqual(await numbers(first));
    expect(await numbers(features['shared#2']!)).toEqual(await numbers(second));
    expect(Object.keys(student(one).signature.features!)).toContain('shared#2');
  });

  it.each([
    ['shared', 'Unknown layer "shared". Did you mean "shared#1"?'],
    ['shared#3', 'Unknown layer "shared#3". Did you mean "shared#1"?'],
    ['logits#2', 'Unknown layer "logits#2".'],
  ])('says what to do about "%s"', (tap, message) => {
    expect(() => prepare(reused(), { student: [tap] })).toThrow(message);
  });
});

it('says which call is meant by a bare name, where nothing was checked before', () => {
  const x = input({ shape: [3] });
  const shared = dense('shared');
  const one = keep(model({ name: 'reused', inputs: x, outputs: apply(shared, apply(shared, x)) }));
  expect(() => forward(one, tensor2d([[1, 2, 3]]), ['shared'])).toThrow(
    'Layer "shared" runs 2 times in model "reused". Say which: "shared#1", "shared#2", in the order they were made.',
  );
});

describe('a model with several outputs', () => {
  function twoHeaded(): LayersModel {
    const x = input({ shape: [3] });
    const hidden = apply(dense('hidden', 4), x);
    const main = apply(layers.dense({ name: 'main', units: 3 }), hidden);
    const side = apply(layers.dense({ name: 'side', units: 2 }), hidden);
    return keep(model({ inputs: x, outputs: [main, side] }));
  }

  it('distils its first output; the others can be tapped', async () => {
    const one = twoHeaded();
    const x = randomNormal([2, 3], 0, 1, 'float32', 1);
    const [main, side] = one.predict(x) as Tensor[];
    const taps = ['side', 'hidden'];
    const both = [forward(one, x, taps), await asTeacherOutputs(one, x, taps)];
    for (const { output, features } of both) {
      expect(await numbers(output)).toEqual(await numbers(main!));
      expect(await numbers(features['side']!)).toEqual(await numbers(side!));
      expect(features['hidden']!.shape).toEqual([2, 4]);
    }
  });
});

async function asTeacherOutputs(one: LayersModel, x: Tensor, taps: string[]): Promise<StudentOutputs> {
  const { logits, features } = await liveTeacher(one).outputs({ x }, taps);
  return { output: logits, features };
}

describe('one step with taps', () => {
  it('runs each side forward once, learns batch statistics once, and leaves nothing', async () => {
    const [tapped, plain, teacher] = [nestedModel('tapped'), nestedModel('plain'), nestedModel('teacher')];
    plain.setWeights(tapped.getWeights());
    const frozen = await weightsOf(teacher);
    const x = images();
    const y = tensor1d([0, 1, 2], 'int32');
    const counts = { tapped: countCalls(tapped), teacher: countCalls(teacher) };
    const taps = { student: ['body/norm', 'head/hidden'], teacher: ['body/norm', 'head/inner/deep'] };
    const shapes: number[][] = [];
    for (const [one, wanted] of [
      [tapped, taps],
      [plain, {}],
    ] as const) {
      const manager = prepareCompression(one, {
        teacher,
        criterion: spy(wanted, (features) => shapes.push(features['head/inner/deep']?.shape ?? [])),
        optimizer: train.sgd(0.1),
      });
      await manager.trainStep({ x, y });
      manager.dispose();
    }
    expect(shapes[0]).toEqual([3, 4]);
    expect([...counts.tapped.values()].every((count) => count === 1)).toBe(true);
    expect([...counts.teacher.values()].every((count) => count === 2)).toBe(true); // once for each student
    expect(await weightsOf(tapped)).toEqual(await weightsOf(plain)); // moving statistics among them
    expect(await weightsOf(teacher)).toEqual(frozen);
  });
});

async function weightsOf(one: LayersModel): Promise<number[][]> {
  return Promise.all(one.getWeights().map(numbers));
}

function spy(taps: Criterion['taps'], see: (features: Readonly<Record<string, Tensor>>) => void): Criterion {
  return {
    type: 'spy',
    ...(taps && { taps }),
    weight: 0,
    compute: ({ teacherOutputs, taskLoss }) => {
      see(teacherOutputs.features);
      return taskLoss;
    },
  };
}

function prepare(one: LayersModel, taps: Criterion['taps']) {
  return prepareCompression(one, {
    criterion: {
      type: 'any',
      taps: taps ?? {},
      requires: { teacher: false },
      compute: ({ taskLoss }) => taskLoss,
    },
  });
}
