import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';

/**
 * The article's student `Net`: two blocks of two convolutions, the mean over the image, two dense layers.
 *
 * @param width Filters of the first block, twice as many in the second; the article's is 64.
 */
export function net(width: number, seed: number): LayersModel {
  let next = seed;
  const start = () => ({ kernelInitializer: initializers.heNormal({ seed: next++ }) });
  const conv = (name: string, filters: number, inputShape?: [number, number, number]) =>
    layers.conv2d({
      name,
      filters,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
      ...start(),
      ...(inputShape && { inputShape }),
    });
  const pool = (name: string) => layers.maxPooling2d({ name, poolSize: 2, strides: 2 });
  return sequential({
    name: 'Net',
    layers: [
      conv('layer1_conv1', width, [32, 32, 3]),
      conv('layer1_conv2', width),
      pool('layer1_pool'),
      conv('layer2_conv1', 2 * width),
      conv('layer2_conv2', 2 * width),
      pool('layer2_pool'),
      layers.globalAveragePooling2d({ name: 'pool1' }),
      layers.dense({ name: 'fc1', units: 32, ...start() }), // the article has no activation here
      layers.dense({ name: 'fc2', units: 10, ...start() }),
    ],
  });
}
