import { input, layers, type LayersModel, model as functional, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { countFlops, totalFlops } from '../../../packages/core/src/metrics/countFlops.js';
import { allow } from '../../setup/guards.js';

/** Counts a model and frees it. */
function countedOf(model: LayersModel): Record<string, number | undefined> {
  const counted = Object.fromEntries(countFlops(model).map(({ type, flops }) => [type, flops]));
  model.dispose();
  return counted;
}
const zeros = 'zeros' as const;

describe('countFlops', () => {
  it('counts convolutions and dense layers as by hand', () => {
    const model = sequential({
      layers: [
        layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, padding: 'same', inputShape: [28, 28, 3] }),
        layers.batchNormalization(),
        layers.reLU(),
        layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' }),
        layers.separableConv2d({ filters: 16, kernelSize: 5, padding: 'valid' }),
        layers.conv2dTranspose({ filters: 4, kernelSize: 2, strides: 2 }),
        layers.flatten(),
        layers.dense({ units: 10, activation: 'softmax' }),
      ],
    });
    expect(countedOf(model)).toEqual({
      Conv2D: 2 * (3 * 3 * 3 * 8) * (14 * 14),
      BatchNormalization: 0,
      ReLU: 0,
      DepthwiseConv2D: 2 * (3 * 3 * 8) * (14 * 14),
      SeparableConv2D: 2 * (5 * 5 * 8 + 8 * 16) * (10 * 10),
      Conv2DTranspose: 2 * (2 * 2 * 16 * 4) * (10 * 10),
      Flatten: 0,
      Dense: 2 * (20 * 20 * 4 * 10),
    });
  });

  it('counts layers over time: once a step', () => {
    const model = sequential({
      layers: [
        layers.embedding({ inputDim: 50, outputDim: 6, inputLength: 9 }),
        layers.lstm({ units: 4, returnSequences: true, recurrentInitializer: zeros }),
        layers.bidirectional({
          layer: layers.gru({ units: 5, returnSequences: true, recurrentInitializer: zeros }),
          mergeMode: 'concat',
        }),
        layers.timeDistributed({ layer: layers.dense({ units: 3 }) }),
        layers.simpleRNN({ units: 2, recurrentInitializer: zeros }),
      ],
    });
    expect(countedOf(model)).toEqual({
      Embedding: 0,
      LSTM: 2 * 9 * 4 * (6 * 4 + 4 * 4),
      Bidirectional: 2 * 9 * 2 * 3 * (4 * 5 + 5 * 5),
      TimeDistributed: 2 * 9 * (10 * 3),
      SimpleRNN: 2 * 9 * (3 * 2 + 2 * 2),
    });
  });

  it('counts a layer as often as the model calls it, and the layers of a model within', () => {
    const shared = layers.dense({ units: 4 });
    const [a, b] = [input({ shape: [4] }), input({ shape: [4] })];
    const inner = sequential({ layers: [layers.dense({ units: 2, inputShape: [4] })] });
    const sum = layers.add().apply([shared.apply(a), shared.apply(b)] as never);
    const model = functional({ inputs: [a, b], outputs: inner.apply(sum) as never });
    const counted = countFlops(model);
    expect(counted.filter(({ type }) => type === 'Dense').map(({ flops }) => flops)).toEqual([32, 32, 16]);
    expect(totalFlops(counted)).toBe(80);
    allow('tensors'); // tfjs-layers forgets the weights of a model within a model
    model.dispose();
  });

  it('says nothing of a size that is free, and so nothing of the whole', () => {
    const model = sequential({
      layers: [
        layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [null, null, 1] }),
        layers.globalAveragePooling2d({}),
      ],
    });
    const counted = countFlops(model);
    expect(counted[0]).not.toHaveProperty('flops');
    expect(totalFlops(counted)).toBeUndefined();
    model.dispose();
  });

  it("gives MobileNet v1's 569 million multiply–adds, as its paper does", () => {
    const conv = (filters: number, strides = 1, kernelSize = 1) =>
      layers.conv2d({
        filters,
        strides,
        kernelSize,
        padding: 'same',
        useBias: false,
        kernelInitializer: zeros,
      });
    const depthwise = (strides: number) =>
      layers.depthwiseConv2d({
        kernelSize: 3,
        strides,
        padding: 'same',
        useBias: false,
        depthwiseInitializer: zeros,
      });
    const model = sequential({ layers: [layers.inputLayer({ inputShape: [224, 224, 3] }), conv(32, 2, 3)] });
    const blocks = [
      [64, 1],
      [128, 2],
      [128, 1],
      [256, 2],
      [256, 1],
      [512, 2],
      ...Array.from({ length: 5 }, () => [512, 1]),
      [1024, 2],
      [1024, 1],
    ];
    for (const [filters = 0, strides = 1] of blocks) {
      model.add(depthwise(strides));
      model.add(conv(filters));
    }
    model.add(layers.globalAveragePooling2d({}));
    model.add(layers.dense({ units: 1000, kernelInitializer: zeros }));
    expect(totalFlops(countFlops(model))).toBe(2 * 568_740_352);
    model.dispose();
  });
});
