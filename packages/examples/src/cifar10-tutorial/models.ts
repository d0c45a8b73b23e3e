import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';

/** PyTorch's way of starting a layer: weights and biases uniform between ±1 / √fanIn. */
function start(fanIn: number, seed: number) {
  const bound = 1 / Math.sqrt(fanIn);
  const uniform = (offset: number) =>
    initializers.randomUniform({ minval: -bound, maxval: bound, seed: 100 * seed + offset });
  return { kernelInitializer: uniform(2 * fanIn), biasInitializer: uniform(2 * fanIn + 1) };
}

function conv(name: string, channels: number, filters: number, seed: number, first = false) {
  return layers.conv2d({
    name,
    filters,
    kernelSize: 3,
    padding: 'same',
    activation: 'relu',
    ...start(9 * channels, seed),
    ...(first && { inputShape: [32, 32, 3] }),
  });
}

const pool = (name: string) => layers.maxPooling2d({ name, poolSize: 2, strides: 2 });

function classifier(width: number, hidden: number, seed: number) {
  return [
    layers.flatten({ name: 'flatten' }),
    layers.dense({ name: 'hidden', units: hidden, activation: 'relu', ...start(width, seed) }),
    layers.dropout({ name: 'dropout', rate: 0.1, seed }),
    layers.dense({ name: 'logits', units: 10, ...start(hidden, seed) }),
  ];
}

/** The tutorial's teacher: 1,186,986 parameters. `conv4` after its ReLU, pooled, is the hidden layer of 2,048. */
export function deepNN(seed: number): LayersModel {
  return sequential({
    name: 'DeepNN',
    layers: [
      conv('conv1', 3, 128, seed, true),
      conv('conv2', 128, 64, seed),
      pool('pool1'),
      conv('conv3', 64, 64, seed + 1),
      conv('conv4', 64, 32, seed + 2),
      pool('pool2'),
      ...classifier(2048, 512, seed),
    ],
  });
}

/** The tutorial's student: 267,738 parameters, a hidden layer of 1,024. */
export function lightNN(seed: number): LayersModel {
  return sequential({
    name: 'LightNN',
    layers: [
      conv('conv1', 3, 16, seed, true),
      pool('pool1'),
      conv('conv2', 16, 16, seed),
      pool('pool2'),
      ...classifier(1024, 256, seed),
    ],
  });
}
