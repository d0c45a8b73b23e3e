import { layers, sequential } from '@tensorflow/tfjs-layers';
import { imageShape } from './imageShape.js';
import { kernels } from './initializer.js';
import { type StudentBuilder } from './StudentBuilder.js';

/** Two blocks of two convolutions, 64 and 128 filters, the mean over the image, 32 hidden units, dropout 0.5. */
export const twoBlockCnn: StudentBuilder = (plan) => {
  const inputShape = imageShape(plan, 'two-block-cnn');
  const { classes, seed } = plan;
  const kernel = kernels(seed);
  const conv = (filters: number, name: string, isFirst = false) =>
    layers.conv2d({
      filters,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
      kernelInitializer: kernel(),
      name,
      ...(isFirst && { inputShape }),
    });
  return sequential({
    name: 'student',
    layers: [
      conv(64, 'conv1', true),
      conv(64, 'conv2'),
      layers.maxPooling2d({ poolSize: 2, name: 'pool1' }),
      conv(128, 'conv3'),
      conv(128, 'conv4'),
      layers.maxPooling2d({ poolSize: 2, name: 'pool2' }),
      layers.globalAveragePooling2d({ name: 'pool' }),
      layers.dense({ units: 32, activation: 'relu', kernelInitializer: kernel(), name: 'hidden' }),
      layers.dropout({ rate: 0.5, name: 'dropout' }),
      layers.dense({ units: classes, kernelInitializer: kernel(), name: 'logits' }),
    ],
  });
};
