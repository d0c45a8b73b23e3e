import { type Tensor1D, tensor1d, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import {
  initializers,
  layers,
  type LayersModel,
  model,
  sequential,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export const SIZE = 8;
export const IMAGE_CLASSES = 3;

const seeded = (seed: number) => ({ kernelInitializer: initializers.glorotUniform({ seed }) });
const apply = (layer: layers.Layer, x: SymbolicTensor | SymbolicTensor[]) => layer.apply(x) as SymbolicTensor;

/** Three convolutions with batch norm: 8×8×4 (`conv1`), 4×4×8 (`conv2`), 2×2×16 (`conv3`), then `logits`. */
export function convolutional(seed = 1): LayersModel {
  const block = (name: string, filters: number, strides: number, i: number, inputShape?: number[]) => [
    layers.conv2d({
      name: `${name}_conv`,
      filters,
      strides,
      kernelSize: 3,
      padding: 'same',
      ...seeded(seed + i),
      ...(inputShape && { inputShape }),
    }),
    layers.batchNormalization({ name: `${name}_norm`, momentum: 0.9 }),
    layers.activation({ name, activation: 'relu' }),
  ];
  return sequential({
    name: 'convolutional',
    layers: [
      ...block('conv1', 4, 1, 0, [SIZE, SIZE, 1]),
      ...block('conv2', 8, 2, 1),
      ...block('conv3', 16, 2, 2),
      layers.flatten({ name: 'flat' }),
      layers.dense({ name: 'logits', units: IMAGE_CLASSES, ...seeded(seed + 3) }),
    ],
  });
}

/** A residual network: the sum of `conv1` and `conv2` goes on, and a side branch that ends in `aside`, a second output. */
export function residual(seed = 1): LayersModel {
  const input = layers.input({ shape: [SIZE, SIZE, 1] });
  const conv = (name: string, i: number) =>
    layers.conv2d({
      name,
      filters: 4,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
      ...seeded(seed + i),
    });
  const first = apply(conv('conv1', 0), input);
  const second = apply(conv('conv2', 1), first);
  const sum = apply(layers.add({ name: 'sum' }), [first, second]);
  const third = apply(conv('conv3', 2), sum);
  const long = apply(layers.add({ name: 'long' }), [first, third]);
  const pooled = apply(layers.globalAveragePooling2d({ name: 'pooled', dataFormat: 'channelsLast' }), long);
  const logits = apply(layers.dense({ name: 'logits', units: IMAGE_CLASSES, ...seeded(seed + 3) }), pooled);
  const aside = apply(layers.maxPooling2d({ name: 'aside', poolSize: 2 }), first);
  return model({ name: 'residual', inputs: input, outputs: [logits, aside] });
}

/** Stripes under noise: lying, standing or slanting is the class, which convolutions of any depth can tell. */
export function stripes(samples: number, seed = 1, noise = 0.5): { x: Tensor4D; y: Tensor1D } {
  const labels = Int32Array.from({ length: samples }, (_, i) => (i * 7 + seed) % IMAGE_CLASSES);
  const random = xoroshiro128plus(seed);
  const pixels = Float32Array.from({ length: samples * SIZE * SIZE }, (_, at) => {
    const [row, column] = [Math.floor(at / SIZE) % SIZE, at % SIZE];
    const along = [row, column, row + column][labels[Math.floor(at / SIZE ** 2)] ?? 0] ?? 0;
    return noise * (2 * uniformFloat64(random) - 1) + (along % 3 === 1 ? 1 : 0);
  });
  return { x: tensor4d(pixels, [samples, SIZE, SIZE, 1]), y: tensor1d(labels, 'int32') };
}
