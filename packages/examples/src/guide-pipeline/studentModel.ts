import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';

/** The guide's `DepthwiseSeparableConv`: a filter per channel, then a 1×1 convolution; ReLU. */
function depthwiseSeparable(
  name: string,
  filters: number,
  strides: number,
  seed: number,
  inputShape?: number[],
) {
  return [
    layers.depthwiseConv2d({
      name: `${name}_depthwise`,
      kernelSize: 3,
      strides,
      padding: 'same',
      depthwiseInitializer: initializers.glorotUniform({ seed }),
      ...(inputShape && { inputShape }),
    }),
    layers.conv2d({
      name: `${name}_pointwise`,
      filters,
      kernelSize: 1,
      activation: 'relu',
      kernelInitializer: initializers.heNormal({ seed: seed + 1 }),
    }),
  ];
}

/**
 * The guide's `StudentModel`: three blocks, the first with stride 2; the mean over the image; linear.
 *
 * @param width Filters of the first block; twice and four times as many in the others. The guide's is 64.
 */
export function studentModel(
  inputShape: number[],
  classes: number,
  width: number,
  seed: number,
): LayersModel {
  return sequential({
    name: 'student',
    layers: [
      ...depthwiseSeparable('block1', width, 2, seed, inputShape),
      ...depthwiseSeparable('block2', 2 * width, 1, seed + 2),
      ...depthwiseSeparable('block3', 4 * width, 1, seed + 4),
      layers.globalAveragePooling2d({ name: 'pool' }),
      layers.dense({
        name: 'logits',
        units: classes,
        kernelInitializer: initializers.glorotUniform({ seed: seed + 6 }),
      }),
    ],
  });
}
