import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';

/** The student's layer that the hint guides: half-way, `[7, 7, 8]`. */
export const GUIDED = 'guided';

/**
 * A thin and deep student, as FitNets means it: 4,842 parameters, ten layers, no shortcuts and no batch norm, so that
 * the labels alone train it badly.
 */
export function thinStudent(seed: number): LayersModel {
  const conv = (i: number, filters: number, options: object = {}) =>
    layers.conv2d({
      filters,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
      kernelInitializer: initializers.heNormal({ seed: 100 * seed + i }),
      ...options,
    });
  return sequential({
    name: 'student',
    layers: [
      conv(0, 8, { strides: 2, inputShape: [28, 28, 1] }), // 14×14
      conv(1, 8),
      conv(2, 8, { strides: 2 }), // 7×7
      conv(3, 8),
      conv(4, 8, { name: GUIDED }),
      conv(5, 8),
      conv(6, 8),
      conv(7, 8, { strides: 2 }), // 4×4
      conv(8, 8),
      layers.globalAveragePooling2d({}),
      layers.dense({
        units: 10,
        name: 'logits',
        kernelInitializer: initializers.glorotUniform({ seed: 100 * seed + 9 }),
      }),
    ],
  });
}
