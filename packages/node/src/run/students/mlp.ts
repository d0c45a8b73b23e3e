import { util } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { kernels } from './initializer.js';
import { type StudentBuilder } from './StudentBuilder.js';

/** Two dense layers, 128 units between: for samples of any shape. */
export const mlp: StudentBuilder = ({ inputShape, classes, seed }) => {
  const kernel = kernels(seed);
  return sequential({
    name: 'student',
    layers: [
      layers.reshape({ inputShape: [...inputShape], targetShape: [util.sizeFromShape([...inputShape])] }),
      layers.dense({ units: 128, activation: 'relu', kernelInitializer: kernel(), name: 'hidden' }),
      layers.dense({ units: classes, kernelInitializer: kernel(), name: 'logits' }),
    ],
  });
};
