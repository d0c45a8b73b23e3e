import { layers, sequential } from '@tensorflow/tfjs-layers';
import { imageShape } from './imageShape.js';
import { kernels } from './initializer.js';
import { type StudentBuilder } from './StudentBuilder.js';

/**
 * The student of PyTorch's knowledge-distillation tutorial: two convolutions of 16 filters, 256 hidden units, dropout 0.1.
 *
 * 267,738 parameters on CIFAR-10.
 *
 * @see https://docs.pytorch.org/tutorials/beginner/knowledge_distillation_tutorial.html
 */
export const lightCnn: StudentBuilder = (plan) => {
  const inputShape = imageShape(plan, 'light-cnn');
  const { classes, seed } = plan;
  const kernel = kernels(seed);
  const conv = { kernelSize: 3, filters: 16, padding: 'same', activation: 'relu' } as const;
  return sequential({
    name: 'student',
    layers: [
      layers.conv2d({ ...conv, inputShape, kernelInitializer: kernel(), name: 'conv1' }),
      layers.maxPooling2d({ poolSize: 2, name: 'pool1' }),
      layers.conv2d({ ...conv, kernelInitializer: kernel(), name: 'conv2' }),
      layers.maxPooling2d({ poolSize: 2, name: 'pool2' }),
      layers.flatten({ name: 'flatten' }),
      layers.dense({ units: 256, activation: 'relu', kernelInitializer: kernel(), name: 'hidden' }),
      layers.dropout({ rate: 0.1, name: 'dropout' }),
      layers.dense({ units: classes, kernelInitializer: kernel(), name: 'logits' }),
    ],
  });
};
