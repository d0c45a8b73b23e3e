import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';

/** Where exits are attached: each block but the last. */
export const EXITS = ['block1', 'block2', 'block3'] as const;

/**
 * Four convolutions with batch norm, on maps a half, a half, a quarter and a quarter of the image's size; average pooling and a
 * dense layer. Ends in logits.
 *
 * @param widths Filters of each block.
 */
export function convolutional(
  inputShape: readonly number[],
  classes: number,
  widths: readonly [number, number, number, number],
  seed: number,
): LayersModel {
  const kernelInitializer = (i: number) => initializers.heNormal({ seed: seed * 10 + i });
  const block = (filters: number, i: number) => [
    layers.conv2d({
      name: `block${i + 1}_conv`,
      filters,
      kernelSize: 3,
      strides: i % 2 === 0 ? 2 : 1,
      padding: 'same',
      useBias: false, // batch norm has one
      kernelInitializer: kernelInitializer(i),
      ...(i === 0 && { inputShape: [...inputShape] }),
    }),
    layers.batchNormalization({ name: `block${i + 1}_norm`, momentum: 0.9 }),
    layers.activation({ name: `block${i + 1}`, activation: 'relu' }),
  ];
  return sequential({
    name: 'network',
    layers: [
      ...widths.flatMap(block),
      layers.globalAveragePooling2d({ name: 'pooled', dataFormat: 'channelsLast' }),
      layers.dense({ name: 'deepest', units: classes, kernelInitializer: kernelInitializer(4) }),
    ],
  });
}
