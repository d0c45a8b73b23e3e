import { layers, sequential } from '@tensorflow/tfjs-layers';
import { imageShape } from './imageShape.js';
import { kernels } from './initializer.js';
import { type StudentBuilder } from './StudentBuilder.js';

/** Three convolutions with batch norm, 16, 32 and 64 filters, then the mean over the image: a good first student. */
export const smallCnn: StudentBuilder = (plan) => {
  const inputShape = imageShape(plan, 'small-cnn');
  const kernel = kernels(plan.seed);
  const block = (filters: number, i: number) => [
    layers.conv2d({
      filters,
      kernelSize: 3,
      strides: i === 0 ? 1 : 2,
      padding: 'same',
      useBias: false, // batch norm has one
      kernelInitializer: kernel(),
      name: `conv${i + 1}`,
      ...(i === 0 && { inputShape }),
    }),
    layers.batchNormalization({ name: `norm${i + 1}` }),
    layers.reLU({ name: `relu${i + 1}` }),
  ];
  return sequential({
    name: 'student',
    layers: [
      ...[16, 32, 64].flatMap(block),
      layers.globalAveragePooling2d({ name: 'pool' }),
      layers.dense({ units: plan.classes, kernelInitializer: kernel(), name: 'logits' }),
    ],
  });
};
