import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectSameOnBothBackends, useWasmKernels } from './onBothBackends.js';

useWasmKernels();

type Op = (...inputs: tf.Tensor[]) => tf.Tensor;

const random = (shape: number[], seed = 1) => tf.randomNormal(shape, 0, 1, 'float32', seed);
const positive = (shape: number[], seed = 1) => tf.add(tf.abs(random(shape, seed)), 0.1);

/** What an op gives for some inputs, and the gradient by each of them. */
function forwardAndBack(op: Op, ...inputs: tf.Tensor[]): tf.Tensor[] {
  const y = op(...inputs);
  return [y, ...tf.grads(op)(inputs, random(y.shape, 99))];
}

/** The ops that losses and the layers of tfjs-layers are made of. */
const UNARY: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  abs: tf.abs,
  clip: (x) => tf.clipByValue(x, -0.5, 0.5),
  elu: tf.elu,
  erf: tf.erf,
  exp: tf.exp,
  expm1: tf.expm1,
  leakyRelu: (x) => tf.leakyRelu(x, 0.2),
  logSigmoid: tf.logSigmoid,
  logSoftmax: (x) => tf.logSoftmax(x),
  neg: tf.neg,
  relu: tf.relu,
  relu6: tf.relu6,
  selu: tf.selu,
  sigmoid: tf.sigmoid,
  softmax: (x) => tf.softmax(x),
  softplus: tf.softplus,
  square: tf.square,
  step: tf.step,
  swish: (x) => tf.mul(x, tf.sigmoid(x)),
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.div(x, Math.SQRT2)))),
  mish: (x) => tf.mul(x, tf.tanh(tf.softplus(x))),
  hardSigmoid: (x) => tf.clipByValue(tf.add(tf.mul(x, 0.2), 0.5), 0, 1),
  tanh: tf.tanh,
  logSumExp: (x) => tf.logSumExp(x, 1),
  norm: (x) => tf.norm(x, 'euclidean', -1),
  max: (x) => tf.max(x, 1),
  min: (x) => tf.min(x, [0, 2]),
  mean: (x) => tf.mean(x, [0, 1]),
  sum: (x) => tf.sum(x, 2, true),
  maximum: (x) => tf.maximum(x, random([3, 4, 5], 2)),
  minimum: (x) => tf.minimum(x, 0.1),
  squaredDifference: (x) => tf.squaredDifference(x, random([3, 4, 5], 2)),
  variance: (x) => tf.moments(x, [0, 1]).variance,
  cumsum: (x) => tf.cumsum(x, 2),
  transpose: (x) => tf.transpose(x, [2, 0, 1]),
  pad: (x) =>
    tf.pad(x, [
      [1, 0],
      [0, 2],
      [1, 1],
    ]),
  slice: (x) => tf.slice(x, [0, 1, 1], [2, 2, 2]),
  split: (x) => tf.split(x, [1, 2, 2], 2)[1]!,
  unstack: (x) => tf.unstack(x, 1)[1]!,
  tile: (x) => tf.tile(x, [2, 1, 3]),
  reverse: (x) => tf.reverse(x, [0, 2]),
  broadcastTo: (x) => tf.broadcastTo(x, [2, 3, 4, 5]),
  layerNorm: (x) => {
    const { mean, variance } = tf.moments(x, -1, true);
    return tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-3)));
  },
};

const OF_POSITIVE: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  log: tf.log,
  log1p: tf.log1p,
  sqrt: tf.sqrt,
  rsqrt: tf.rsqrt,
  reciprocal: tf.reciprocal,
  pow: (x) => tf.pow(x, 0.7),
};

const BINARY: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  prelu: (a, b) => tf.prelu(tf.broadcastTo(a, [3, 4, 5]), b),
  where: (a, b) => tf.where(tf.greater(random([3, 4, 5], 8), 0), a, b),
};

const IMAGES: Readonly<Record<string, () => tf.Tensor[]>> = {
  conv1d: () =>
    forwardAndBack(
      (x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 1, 'same'),
      random([2, 9, 3]),
      random([3, 3, 4], 2),
    ),
  conv2dTranspose: () =>
    forwardAndBack(
      (x, w) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [2, 12, 10, 4], 2, 'same'),
      random([2, 6, 5, 3]),
      random([3, 3, 4, 3], 2),
    ),
  separableConv2d: () =>
    forwardAndBack(
      (x, w, p) => tf.separableConv2d(x as tf.Tensor4D, w as tf.Tensor4D, p as tf.Tensor4D, 1, 'same'),
      random([2, 6, 5, 3]),
      random([3, 3, 3, 2], 2),
      random([1, 1, 6, 4], 3),
    ),
  fusedConv2d: () =>
    forwardAndBack(
      (x, w, b) =>
        tf.fused.conv2d({ x: x as tf.Tensor4D, filter: w as tf.Tensor4D, strides: 2, pad: 'same', bias: b }),
      random([2, 6, 5, 3]),
      random([3, 3, 3, 4], 2),
      random([4], 3),
    ),
  conv3d: () =>
    ([1, [1, 2, 1], 2] as const).flatMap((strides) =>
      forwardAndBack(
        (x, w) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, strides as number, 'same'),
        random([2, 3, 4, 5, 2]),
        random([2, 3, 2, 2, 3], 2),
      ),
    ),
  batchNorm: () =>
    forwardAndBack(
      (x, m, v, o, s) => tf.batchNorm(x, m, v, o, s, 1e-3),
      random([2, 6, 5, 3]),
      random([3], 2),
      positive([3], 3),
      random([3], 4),
      random([3], 5),
    ),
  resizeBilinear: () =>
    forwardAndBack((x) => tf.image.resizeBilinear(x as tf.Tensor4D, [8, 8]), random([2, 4, 4, 3])),
  localResponseNormalization: () =>
    forwardAndBack((x) => tf.localResponseNormalization(x as tf.Tensor4D), random([2, 4, 4, 3])),
};

const LOSSES: Readonly<Record<string, (logits: tf.Tensor) => tf.Tensor>> = {
  softmaxCrossEntropy: (x) => tf.losses.softmaxCrossEntropy(tf.softmax(random([4, 5], 3)), x),
  sigmoidCrossEntropy: (x) => tf.losses.sigmoidCrossEntropy(tf.sigmoid(random([4, 5], 3)), x),
  huberLoss: (x) => tf.losses.huberLoss(random([4, 5], 3), x),
  cosineDistance: (x) => tf.losses.cosineDistance(random([4, 5], 3), x, 1),
  meanSquaredError: (x) => tf.losses.meanSquaredError(random([4, 5], 3), x),
};

describe('an op and its gradients on wasm equal those on the CPU', () => {
  it.each(Object.keys(UNARY))('%s', async (name) => {
    await expectSameOnBothBackends(() => forwardAndBack(UNARY[name]!, random([3, 4, 5])));
  });

  it.each(Object.keys(OF_POSITIVE))('%s', async (name) => {
    await expectSameOnBothBackends(() => forwardAndBack(OF_POSITIVE[name]!, positive([3, 4, 5])));
  });

  it.each(Object.keys(BINARY))('%s, broadcast in any way', async (name) => {
    for (const [a, b] of [
      [
        [3, 4, 5],
        [3, 4, 5],
      ],
      [[3, 4, 5], [5]],
      [[3, 4, 5], []],
      [
        [3, 4, 5],
        [3, 1, 5],
      ],
      [
        [3, 4, 5],
        [3, 4, 1],
      ],
    ] as [number[], number[]][]) {
      await expectSameOnBothBackends(() => forwardAndBack(BINARY[name]!, random(a), random(b, 2)));
    }
  });

  it.each(Object.keys(IMAGES))('%s', async (name) => {
    await expectSameOnBothBackends(() => IMAGES[name]!());
  });

  it.each(Object.keys(LOSSES))('%s', async (name) => {
    await expectSameOnBothBackends(() => forwardAndBack(LOSSES[name]!, random([4, 5])));
  });

  // The CPU backend is no reference here: its gradient of nearest-neighbour resizing is wrong.
  it('resizing to the nearest neighbour gives each pixel the sum over its copies', async () => {
    const resize = (x: tf.Tensor) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [4, 6]);
    const dy = tf.reshape(tf.range(0, 24), [1, 4, 6, 1]);
    const dx = tf.grad(resize)(tf.zeros([1, 2, 3, 1]), dy);
    expect([...(await dx.data())]).toEqual([14, 22, 30, 62, 70, 78]);
  });
});
