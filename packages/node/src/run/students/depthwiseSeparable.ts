import { layers, sequential } from '@tensorflow/tfjs-layers';
import { imageShape } from './imageShape.js';
import { kernels } from './initializer.js';
import { type StudentBuilder } from './StudentBuilder.js';

/** Depthwise separable convolutions of 64, 128 and 256 filters, the first with stride 2, then the mean over the image. */
export const depthwiseSeparable: StudentBuilder = (plan) => {
  const inputShape = imageShape(plan, 'depthwise-separable');
  const kernel = kernels(plan.seed);
  const block = (filters: number, i: number) => [
    layers.depthwiseConv2d({
      kernelSize: 3,
      strides: i === 0 ? 2 : 1,
      padding: 'same',
      useBias: false, // batch norm has one
      depthwiseInitializer: kernel(),
      name: `depthwise${i + 1}`,
      ...(i === 0 && { inputShape }),
    }),
    layers.conv2d({
      filters,
      kernelSize: 1,
      useBias: false,
      kernelInitializer: kernel(),
      name: `pointwise${i + 1}`,
    }),
    layers.batchNormalization({ name: `norm${i + 1}` }),
    layers.reLU({ name: `relu${i + 1}` }),
  ];
  return sequential({
    name: 'student',
    layers: [
      ...[64, 128, 256].flatMap(block),
      layers.globalAveragePooling2d({ name: 'pool' }),
      layers.dense({ units: plan.classes, kernelInitializer: kernel(), name: 'logits' }),
    ],
  });
};
