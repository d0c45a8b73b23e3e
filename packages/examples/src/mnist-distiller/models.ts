import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';

/**
 * Keras's example "Knowledge Distillation" (Borup, 2020), layer by layer: 256 and 512 filters for its
 * teacher, 16 and 32 for its student. Ends in logits.
 *
 * @see https://keras.io/examples/vision/knowledge_distillation/
 */
function kerasNetwork(name: string, [first, second]: readonly [number, number], seed: number): LayersModel {
  const kernel = { kernelSize: 3, strides: 2, padding: 'same' } as const;
  return sequential({
    name,
    layers: [
      layers.conv2d({ ...kernel, filters: first, inputShape: [28, 28, 1], kernelInitializer: glorot(seed) }), // 14×14
      layers.leakyReLU({ alpha: 0.2 }),
      layers.maxPooling2d({ poolSize: 2, strides: 1, padding: 'same' }),
      layers.conv2d({ ...kernel, filters: second, kernelInitializer: glorot(seed + 1) }), // 7×7, no activation
      layers.flatten(),
      layers.dense({ units: 10, kernelInitializer: glorot(seed + 2) }),
    ],
  });
}

/** 20,490 parameters, 0.27 million multiplications an image. */
export const kerasStudent = (seed: number): LayersModel => kerasNetwork('student', [16, 32], seed);

/** 1,433,610 parameters, 60 million multiplications an image. */
export const kerasTeacher = (seed: number): LayersModel => kerasNetwork('teacher', [256, 512], seed);

/**
 * The default run's teacher: 160,602 parameters, 5.4 million multiplications an image.
 *
 * Eleven times cheaper than Keras's teacher, so that WebAssembly labels all images in a minute, and
 * with batch norm and four convolutions it learns what Keras's cannot.
 */
export function deepTeacher(seed: number): LayersModel {
  const block = (
    filters: number,
    strides: number,
    i: number,
    inputShape?: readonly [number, number, number],
  ) => [
    layers.conv2d({
      filters,
      strides,
      kernelSize: 3,
      padding: 'same',
      useBias: false, // batch norm has one
      kernelInitializer: glorot(seed + i),
      ...(inputShape && { inputShape: [...inputShape] }),
    }),
    layers.batchNormalization({ momentum: 0.99, epsilon: 1e-3 }),
    layers.leakyReLU({ alpha: 0.2 }),
  ];
  return sequential({
    name: 'teacher',
    layers: [
      ...block(16, 2, 0, [28, 28, 1]), // 14×14
      ...block(32, 1, 1),
      ...block(64, 2, 2), // 7×7
      ...block(128, 1, 3),
      layers.flatten(),
      layers.dense({ units: 10, kernelInitializer: glorot(seed + 4) }),
    ],
  });
}

/** Keras's default for kernels, made repeatable. */
const glorot = (seed: number) => initializers.glorotUniform({ seed });
