import { layers, sequential } from '@tensorflow/tfjs-layers';
import { imageShape } from './imageShape.js';
import { kernels } from './initializer.js';
import { type StudentBuilder } from './StudentBuilder.js';

/**
 * The student of Keras's example "Knowledge Distillation" (Borup, 2020): two convolutions of 16 and 32 filters.
 *
 * 20,490 parameters on MNIST.
 *
 * @see https://keras.io/examples/vision/knowledge_distillation/
 */
export const kerasCnn: StudentBuilder = (plan) => kerasNetwork(plan, 'keras-cnn', [16, 32]);

/** Its teacher: the same with 256 and 512 filters, 1,433,610 parameters on MNIST. */
export const kerasTeacher: StudentBuilder = (plan) => kerasNetwork(plan, 'keras-teacher', [256, 512]);

function kerasNetwork(
  plan: Parameters<StudentBuilder>[0],
  name: string,
  [first, second]: readonly [number, number],
) {
  const inputShape = imageShape(plan, name);
  const kernel = kernels(plan.seed);
  const conv = { kernelSize: 3, strides: 2, padding: 'same' } as const;
  return sequential({
    name: 'student',
    layers: [
      layers.conv2d({ ...conv, filters: first, inputShape, kernelInitializer: kernel(), name: 'conv1' }),
      layers.leakyReLU({ alpha: 0.2, name: 'relu1' }),
      layers.maxPooling2d({ poolSize: 2, strides: 1, padding: 'same', name: 'pool1' }),
      layers.conv2d({ ...conv, filters: second, kernelInitializer: kernel(), name: 'conv2' }), // no activation, as there
      layers.flatten({ name: 'flatten' }),
      layers.dense({ units: plan.classes, kernelInitializer: kernel(), name: 'logits' }),
    ],
  });
}
