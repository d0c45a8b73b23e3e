import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';

/** 9,226 parameters, a seventeenth of the teacher's. Ends in logits. */
export function studentModel(seed: number): LayersModel {
  const kernelInitializer = (i: number) => initializers.glorotUniform({ seed: seed + i });
  const conv = { strides: 2, padding: 'same', activation: 'relu' } as const;
  return sequential({
    name: 'student',
    layers: [
      layers.conv2d({
        ...conv,
        filters: 8,
        kernelSize: 5,
        inputShape: [28, 28, 1],
        kernelInitializer: kernelInitializer(0),
      }), // 14×14
      layers.conv2d({ ...conv, filters: 16, kernelSize: 3, kernelInitializer: kernelInitializer(1) }), // 7×7
      layers.flatten(),
      layers.dense({ units: 10, kernelInitializer: kernelInitializer(2) }),
    ],
  });
}
