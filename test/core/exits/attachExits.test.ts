import { io, randomNormal, type Tensor, tidy } from '@tensorflow/tfjs-core';
import {
  initializers,
  layers,
  loadLayersModel,
  type LayersModel,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import { attachExits, type ExitSpec, exitsOf, exportExits } from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';
import { mlp } from '../../fixtures/models.js';
import { convolutional, residual, SIZE } from './networks.js';

const ALL: readonly ExitSpec[] = [
  { after: 'conv1', head: 'attention' },
  { after: 'conv2', head: 'bottleneck' },
  { after: 'conv3', head: 'pool' },
];

const images = (count = 5): Tensor => randomNormal([count, SIZE, SIZE, 1], 0, 1, 'float32', 3);

async function outputsOf(model: LayersModel, x: Tensor): Promise<number[][]> {
  const outputs = [tidy(() => model.predict(x))].flat();
  return Promise.all(outputs.map(async (output) => [...(await output.data())]));
}

async function saved(model: LayersModel): Promise<io.ModelArtifacts> {
  let artifacts: io.ModelArtifacts | undefined;
  await model.save(
    io.withSaveHandler((all) => {
      artifacts = all;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    }),
  );
  return artifacts!;
}

const bytesOf = (artifacts: io.ModelArtifacts) => Buffer.from(artifacts.weightData as ArrayBuffer);

describe('attachExits', () => {
  it("leaves the model's own numbers as they are, and adds an output for each exit", async () => {
    const model = convolutional();
    const x = images();
    const [before] = await outputsOf(model, x);
    const student = attachExits(model, ALL);
    const [after, ...exits] = await outputsOf(student, x);
    expect(after).toEqual(before);
    expect(exits.map(({ length }) => length)).toEqual([15, 15, 15]);
    expect(student.outputs.map(({ shape }) => shape)).toEqual(Array(4).fill([null, 3]));
    expect(await outputsOf(model, x)).toEqual([before]); // it still runs by itself
    student.dispose();
  });

  it('shares the weights of the body', () => {
    const model = convolutional();
    const own = new Set(model.getWeights());
    const student = attachExits(model, ALL);
    expect(student.getWeights().filter((weight) => own.has(weight)).length).toBe(own.size);
    student.dispose();
  });

  it('orders exits shallow to deep, however they are named, and knows them again when loaded', async () => {
    const student = attachExits(convolutional(), [...ALL].reverse());
    const wanted = [
      ['exit_conv1', 'conv1'],
      ['exit_conv2', 'conv2'],
      ['exit_conv3', 'conv3'],
    ];
    const found = (model: LayersModel) => exitsOf(model).map(({ name, after }) => [name, after]);
    expect(found(student)).toEqual(wanted);
    const x = images();
    const outputs = await outputsOf(student, x);
    const artifacts = await saved(student);
    student.dispose();
    const loaded = await loadLayersModel(io.fromMemory(artifacts));
    expect(found(loaded)).toEqual(wanted);
    expect(await outputsOf(loaded, x)).toEqual(outputs);
    loaded.dispose();
  });

  it('attaches further exits to a model that has some', () => {
    const student = attachExits(attachExits(convolutional(), ALL.slice(1)), ALL.slice(0, 1));
    expect(exitsOf(student).map(({ after }) => after)).toEqual(['conv1', 'conv2', 'conv3']);
    student.dispose();
  });

  it('attaches them to a residual network, and leaves its other outputs at the end', async () => {
    const model = residual();
    const x = images();
    const before = await outputsOf(model, x);
    const student = attachExits(model, [
      { after: 'sum', head: 'attention' },
      { after: 'pooled', head: 'pool' },
    ]);
    expect(student.outputNames).toEqual(['logits', 'exit_sum', 'exit_pooled', 'aside']);
    const [logits, , , aside] = await outputsOf(student, x);
    expect([logits, aside]).toEqual(before);
    student.dispose();
  });

  it('takes odd sizes and vectors', async () => {
    const odd = attachExits(residual(), [{ after: 'conv1', head: 'attention' }]);
    expect(odd.getLayer('gated_exit_conv1').outputShape).toEqual([null, SIZE, SIZE, 4]);
    odd.dispose();
    const input = layers.input({ shape: [7, 5, 2] });
    const map = layers.conv2d({ name: 'map', filters: 3, kernelSize: 1 }).apply(input) as SymbolicTensor;
    const flat = layers.flatten().apply(map) as SymbolicTensor;
    const body = (await import('@tensorflow/tfjs-layers')).model({
      inputs: input,
      outputs: layers.dense({ units: 2 }).apply(flat) as SymbolicTensor,
    });
    const student = attachExits(body, [{ after: 'map', head: 'attention' }]);
    expect(student.getLayer('gated_exit_map').outputShape).toEqual([null, 7, 5, 3]);
    student.dispose();
    const vectors = attachExits(mlp(8, 1), [{ after: 'hidden', head: 'bottleneck' }]);
    expect(vectors.getLayer('feature_exit_hidden').outputShape).toEqual([null, 8]);
    vectors.dispose();
  });

  it('takes a function as a head', () => {
    const student = attachExits(convolutional(), [
      {
        after: 'conv2',
        head: (x) => {
          const flat = layers.flatten().apply(x) as SymbolicTensor;
          const kernelInitializer = initializers.glorotUniform({ seed: 5 });
          return layers.dense({ units: 3, kernelInitializer }).apply(flat) as SymbolicTensor;
        },
      },
    ]);
    expect(student.outputNames).toEqual(['logits', 'exit_conv2']);
    student.dispose();
  });

  it('gives the same heads for the same seed, and others for another', async () => {
    const headOf = async (seed: number) => {
      const student = attachExits(convolutional(), ALL, { seed });
      const values = [...(await student.getLayer('exit_conv1').getWeights()[0]!.data())];
      student.dispose();
      return values;
    };
    expect(await headOf(1)).toEqual(await headOf(1));
    expect(await headOf(2)).not.toEqual(await headOf(1));
  });

  it.each<[string, ExitSpec[], RegExp]>([
    ['no exits', [], /^attachExits: Expected `exits` to be a list of one or more/],
    [
      'an unknown layer',
      [{ after: 'conv4', head: 'pool' }],
      /Unknown layer "conv4"\. Did you mean "conv\d"\?/,
    ],
    [
      'a layer beside the way',
      [{ after: 'aside', head: 'pool' }],
      /Layer "aside" is not on the way to the output of "residual"/,
    ],
    [
      'the output itself',
      [{ after: 'logits', head: 'pool' }],
      /Expected `after` to be a layer before the output/,
    ],
    [
      'two exits of one layer',
      [
        { after: 'sum', head: 'pool' },
        { after: 'sum', head: 'attention' },
      ],
      /two exits after layer "sum"/,
    ],
    [
      'a head that is none',
      [{ after: 'sum', head: 'pol' as 'pool' }],
      /Expected `head` to be 'attention', 'bottleneck', 'pool' or a function .* got "pol"/,
    ],
    [
      'a head without the classes',
      [
        { after: 'sum', head: 'pool' },
        { after: 'conv1', head: (x) => x },
      ],
      /an exit with as many classes as the model, got `exit_conv1` \[null, 8, 8, 4\] and `output` \[null, 3\]/,
    ],
    [
      'maps wanted of a vector',
      [{ after: 'pooled', head: 'attention' }],
      /Layer "pooled" gives \[null, 4\].*'pool' or a function/,
    ],
  ])('refuses %s', (_, exits, message) => {
    const model = residual();
    expect(() => attachExits(model, exits)).toThrow(message);
    model.dispose();
  });

  it('refuses an exit that is there already, and models that end in probabilities or maps', async () => {
    const student = attachExits(convolutional(), ALL.slice(0, 1));
    expect(() => attachExits(student, ALL)).toThrow(/two exits after layer "conv1"/);
    student.dispose();
    const { sequential } = await import('@tensorflow/tfjs-layers');
    const dense = layers.dense({ units: 3, activation: 'softmax', inputShape: [4], name: 'probs' });
    const soft = sequential({ layers: [layers.dense({ units: 4, inputShape: [4], name: 'hidden' }), dense] });
    expect(() => attachExits(soft, [{ after: 'hidden', head: 'pool' }])).toThrow(
      /"probs" of the model ends in probabilities/,
    );
    soft.dispose();
    const maps = sequential({
      layers: [layers.conv2d({ filters: 2, kernelSize: 1, inputShape: [4, 4, 1] })],
    });
    expect(() => attachExits(maps, [{ after: 'x', head: 'pool' }])).toThrow(/one vector of logits/);
    maps.dispose();
  });

  it('refuses a layer inside of a nested model, and says where to attach instead', async () => {
    const { sequential } = await import('@tensorflow/tfjs-layers');
    const inner = sequential({
      name: 'inner',
      layers: [layers.dense({ name: 'first', units: 4, inputShape: [4] })],
    });
    const first = layers.dense({ name: 'before', units: 4, inputShape: [4] });
    const outer = sequential({
      name: 'outer',
      layers: [first, inner, layers.dense({ name: 'logits', units: 3 })],
    });
    expect(() => attachExits(outer, [{ after: 'inner/first', head: 'pool' }])).toThrow(/before it is nested/);
    const student = attachExits(outer, [{ after: 'inner', head: 'pool' }]);
    expect(student.outputNames).toEqual(['logits', 'exit_inner']);
    student.dispose();
  });
});

describe('exportExits', () => {
  it.each([
    ['a sequential', convolutional, ALL],
    ['a residual', residual, [{ after: 'sum', head: 'attention' }] as const],
  ])('gives the bytes that %s network has without exits', async (_, make, exits) => {
    const model = make();
    const before = await saved(model);
    const student = attachExits(model, exits);
    const after = await saved(exportExits(student));
    expect(bytesOf(after).equals(bytesOf(before))).toBe(true);
    expect(after.weightSpecs).toEqual(before.weightSpecs);
    expect(bytesOf(await saved(student)).length).toBeGreaterThan(bytesOf(before).length);
    student.dispose();
  });

  it('keeps chosen exits, shallow to deep', async () => {
    const student = attachExits(convolutional(), ALL);
    const kept = exportExits(student, { keep: ['exit_conv3', 'exit_conv1'] });
    expect(kept.outputNames).toEqual(['logits', 'exit_conv1', 'exit_conv3']);
    const x = images();
    const [logits, first, , third] = await outputsOf(student, x);
    expect(await outputsOf(kept, x)).toEqual([logits, first, third]);
    student.dispose();
  });

  it('ends a model at an exit: what lies deeper is left out', async () => {
    const student = attachExits(convolutional(), ALL);
    const small = exportExits(student, { upTo: 'exit_conv2', keep: ['exit_conv1'] });
    expect(small.outputNames).toEqual(['exit_conv2', 'exit_conv1']);
    expect(small.layers.map(({ name }) => name)).not.toContain('conv3');
    const x = images();
    const [, first, second] = await outputsOf(student, x);
    expect(await outputsOf(small, x)).toEqual([second, first]);
    student.dispose();
  });

  it('refuses an unknown exit and offers the nearest', () => {
    const student = attachExits(convolutional(), ALL);
    expect(() => exportExits(student, { keep: ['exit_conv4'] })).toThrow(
      /Unknown exit "exit_conv4"\. Did you mean/,
    );
    expect(() => exportExits(student, { upTo: 'conv1' })).toThrow(/Unknown exit "conv1"/);
    student.dispose();
  });
});
