import { initializers } from '@tensorflow/tfjs-layers';

/** Keras's and PyTorch's common ground for kernels, made repeatable: each layer of a model takes the next seed. */
export function kernels(seed: number) {
  let next = seed;
  return () => initializers.glorotUniform({ seed: next++ });
}
