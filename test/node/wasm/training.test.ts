import {
  add,
  cast,
  grad,
  losses,
  mean,
  mul,
  oneHot,
  randomNormal,
  randomUniform,
  setBackend,
  sum,
  type Tensor,
  tidy,
  train,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { input, layers, type LayersModel, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { expectClose, expectSameOnBothBackends, footprint, useWasmKernels } from './onBothBackends.js';

useWasmKernels();

type Layer = ReturnType<typeof layers.dense>;

const random = (shape: number[], seed: number) => randomNormal(shape, 0, 0.5, 'float32', seed);

const IMAGE = [8, 9, 3];
const SEQUENCE = [5, 4];
const LAYERS: Readonly<Record<string, [shape: number[], build: () => unknown]>> = {
  conv1d: [SEQUENCE, () => layers.conv1d({ filters: 3, kernelSize: 2, activation: 'relu' })],
  conv2d: [IMAGE, () => layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' })],
  'conv2d with an activation': [
    IMAGE,
    () => layers.conv2d({ filters: 4, kernelSize: 3, activation: 'selu' }),
  ],
  conv2dTranspose: [
    IMAGE,
    () => layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }),
  ],
  conv3d: [[4, 5, 3, 2], () => layers.conv3d({ filters: 2, kernelSize: 2, padding: 'same' })],
  depthwiseConv2d: [IMAGE, () => layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, strides: 2 })],
  separableConv2d: [IMAGE, () => layers.separableConv2d({ filters: 4, kernelSize: 3, padding: 'same' })],
  batchNormalization: [IMAGE, () => layers.batchNormalization()],
  layerNormalization: [SEQUENCE, () => layers.layerNormalization()],
  maxPooling1d: [SEQUENCE, () => layers.maxPooling1d({ poolSize: 2 })],
  maxPooling2d: [IMAGE, () => layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })],
  maxPooling3d: [[4, 5, 3, 2], () => layers.maxPooling3d({ poolSize: [2, 2, 2], padding: 'same' })],
  averagePooling2d: [IMAGE, () => layers.averagePooling2d({ poolSize: 2 })],
  globalAveragePooling2d: [IMAGE, () => layers.globalAveragePooling2d({})],
  globalMaxPooling2d: [IMAGE, () => layers.globalMaxPooling2d({})],
  'upSampling2d, bilinear': [
    [4, 4, 3],
    () => layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear' }),
  ],
  zeroPadding2d: [IMAGE, () => layers.zeroPadding2d({ padding: [1, 2] })],
  cropping2D: [
    IMAGE,
    () =>
      layers.cropping2D({
        cropping: [
          [1, 2],
          [0, 1],
        ],
      }),
  ],
  dense: [[7], () => layers.dense({ units: 5, activation: 'softmax' })],
  'dense over a sequence': [SEQUENCE, () => layers.dense({ units: 5 })],
  dropout: [[40], () => layers.dropout({ rate: 0.3, seed: 7 })],
  leakyReLU: [[7], () => layers.leakyReLU({ alpha: 0.2 })],
  prelu: [IMAGE, () => layers.prelu({})],
  'prelu with shared slopes': [IMAGE, () => layers.prelu({ sharedAxes: [3] })],
  elu: [[7], () => layers.elu()],
  gru: [SEQUENCE, () => layers.gru({ units: 3, recurrentInitializer: 'glorotNormal' })],
  lstm: [
    SEQUENCE,
    () => layers.lstm({ units: 3, returnSequences: true, recurrentInitializer: 'glorotNormal' }),
  ],
  simpleRNN: [SEQUENCE, () => layers.simpleRNN({ units: 3, recurrentInitializer: 'glorotNormal' })],
  bidirectional: [
    SEQUENCE,
    () =>
      layers.bidirectional({
        layer: layers.gru({ units: 2, recurrentInitializer: 'glorotNormal' }),
        mergeMode: 'concat',
      }),
  ],
  timeDistributed: [SEQUENCE, () => layers.timeDistributed({ layer: layers.dense({ units: 3 }) })],
};

/** The output of a layer with fixed weights, and its gradients by the input and by every weight. */
function layerGradients(build: () => unknown, shape: number[]): Tensor[] {
  const layer = build() as Layer;
  const x = random([2, ...shape], 1);
  const forward = (x: Tensor) => layer.apply(x, { training: true }) as Tensor;
  const dy = random(forward(x).shape, 2);
  layer.setWeights(layer.getWeights().map((weight, i) => random(weight.shape, i + 3)));
  const dx = grad((x: Tensor) => mul(forward(x), dy))(x);
  const variables = layer.trainableWeights.map((weight) => weight.read() as Variable);
  const outputs = [forward(x), dx];
  if (variables.length > 0) {
    const { grads } = variableGrads(() => sum(mul(forward(x), dy)), variables);
    outputs.push(...variables.map(({ name }) => grads[name]!));
  }
  layer.dispose();
  return outputs;
}

describe('a layer and its gradients on wasm equal those on the CPU', () => {
  it.each(Object.keys(LAYERS))('%s', async (name) => {
    const [shape, build] = LAYERS[name]!;
    await expectSameOnBothBackends(() => layerGradients(build, shape));
  });

  it('embedding', async () => {
    await expectSameOnBothBackends(() => {
      const layer = layers.embedding({ inputDim: 6, outputDim: 3 });
      const ids = cast(randomUniform([2, 5], 0, 6, 'int32', 1), 'int32');
      const y = layer.apply(ids) as Tensor;
      layer.setWeights([random([6, 3], 2)]);
      const table = layer.trainableWeights[0]!.read() as Variable;
      const { grads } = variableGrads(
        () => sum(mul(layer.apply(ids) as Tensor, random(y.shape, 3))),
        [table],
      );
      layer.dispose();
      return grads[table.name]!;
    });
  });
});

/** A convolutional and a recurrent branch that meet. */
function twoBranches(): LayersModel {
  const image = input({ shape: [12, 12, 2] });
  const words = input({ shape: [6], dtype: 'int32' });
  const chain = (from: SymbolicTensor, ...parts: unknown[]) =>
    parts.reduce((x: SymbolicTensor, layer) => (layer as Layer).apply(x) as SymbolicTensor, from);
  const seen = chain(
    image,
    layers.conv2d({ filters: 6, kernelSize: 3, strides: 2, padding: 'same' }),
    layers.batchNormalization(),
    layers.leakyReLU({ alpha: 0.2 }),
    layers.maxPooling2d({ poolSize: 2, strides: 1, padding: 'same' }),
    layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', activation: 'relu6' }),
    layers.flatten(),
  );
  const read = chain(
    words,
    layers.embedding({ inputDim: 20, outputDim: 4 }),
    layers.lstm({ units: 5, recurrentInitializer: 'glorotNormal' }),
  );
  const both = layers.concatenate().apply([seen, read]) as SymbolicTensor;
  const outputs = chain(both, layers.dropout({ rate: 0.2, seed: 5 }), layers.dense({ units: 4 }));
  return model({ inputs: [image, words], outputs });
}

/** Inputs and a loss, the same on each backend. */
function lossOf(student: LayersModel): Tensor {
  const image = random([8, 12, 12, 2], 1);
  const words = randomUniform([8, 6], 0, 20, 'int32', 2);
  const labels = oneHot(randomUniform([8], 0, 4, 'int32', 3), 4);
  const logits = student.apply([image, words], { training: true }) as Tensor;
  return add(losses.softmaxCrossEntropy(labels, logits), mul(1e-3, mean(mul(logits, logits))));
}

/** The loss of each of two steps, and the weights after them. */
async function twoSteps(backendName: string): Promise<number[][]> {
  await setBackend(backendName);
  const student = twoBranches();
  tidy(() => {
    student.setWeights(student.getWeights().map((weight, i) => random(weight.shape, i + 1)));
  });
  const optimizer = train.sgd(0.1);
  const results: number[][] = [];
  for (let step = 0; step < 2; step++) {
    const loss = optimizer.minimize(() => sum(lossOf(student)), true)!;
    results.push([...(await loss.data())]);
    loss.dispose();
  }
  for (const weight of student.getWeights()) results.push([...(await weight.data())]);
  optimizer.dispose();
  student.dispose();
  return results;
}

describe('training on wasm', () => {
  it('has the losses and the weights of training on the CPU', async () => {
    const expected = await twoSteps('cpu');
    const got = await twoSteps('wasm');
    expect(got.length).toBe(expected.length);
    expected.forEach((values, i) => {
      expectClose(got[i]!, values);
    });
  });

  it('leaves nothing behind from step to step', async () => {
    await setBackend('wasm');
    const student = twoBranches();
    const optimizer = train.adam(1e-3);
    const step = () => optimizer.minimize(() => sum(lossOf(student)), true)!.dispose();
    step();
    const before = footprint();
    step();
    step();
    expect(footprint()).toEqual(before);
    optimizer.dispose();
    student.dispose();
  });
});
