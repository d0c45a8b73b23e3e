import { type Tensor1D, tensor1d, tensor4d, type Tensor4D } from '@tensorflow/tfjs-core';
import { type Batch, shuffledIndices } from '@tfjs-distill/core';
import {
  augmentationView,
  augmentImages,
  type AugmentOptions,
  type LabelledImages,
} from '@tfjs-distill/node';

export interface BatchesOptions {
  /** Which images, by index. */
  readonly ids: Int32Array;
  readonly batchSize: number;
  readonly seed: number;
  /** The images whose labels the student may see; −1 stands for the others. Default all. */
  readonly labelled?: ReadonlySet<number>;
  /** A new view of every image in every epoch. */
  readonly augment?: Omit<AugmentOptions, 'seed' | 'ids'> | undefined;
}

/** Batches of one epoch after another, in a new order each: what `manager.fit` takes. Only whole batches. */
export function batches(set: LabelledImages, options: BatchesOptions): () => Generator<Batch> {
  const { ids, batchSize, seed } = options;
  let epoch = 0;
  return function* () {
    const order = shuffledIndices(ids.length, seed, epoch).map((i) => ids[i] ?? 0);
    const viewSeed = seed * 10_007 + epoch++;
    for (let at = 0; at + batchSize <= order.length; at += batchSize) {
      yield batchOf(set, order.subarray(at, at + batchSize), { ...options, seed: viewSeed });
    }
  };
}

/** Steps that `batches` gives in one epoch. */
export const stepsPerEpoch = ({ ids, batchSize }: BatchesOptions): number =>
  Math.floor(ids.length / batchSize);

function batchOf(set: LabelledImages, ids: Int32Array, { labelled, augment, seed }: BatchesOptions): Batch {
  const images = pick(set, ids);
  const views = augment ? augmentImages(images, shapeOf(set, ids.length), { ...augment, seed, ids }) : images;
  const labels = ids.map((id) => (labelled?.has(id) === false ? -1 : (set.labels[id] ?? -1)));
  return {
    x: tensor4d(views, shapeOf(set, ids.length)),
    y: tensor1d(labels, 'int32'),
    ids,
    ...(augment && { view: augmentationView({ ...augment, seed }) }),
  };
}

/** The images as tensors, 0 to 1: `x` `[images, 28, 28, 1]`, `y` `[images]`. The caller owns them. */
export function imageTensors(set: LabelledImages, ids: Int32Array): { x: Tensor4D; y: Tensor1D } {
  const labels = ids.map((id) => set.labels[id] ?? -1);
  return { x: tensor4d(pick(set, ids), shapeOf(set, ids.length)), y: tensor1d(labels, 'int32') };
}

/** `0 … count − 1`. */
export const firstIds = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);

function pick({ pixels, shape }: LabelledImages, ids: Int32Array): Float32Array {
  const size = shape[1] * shape[2] * shape[3];
  const images = new Float32Array(ids.length * size);
  ids.forEach((id, i) => {
    for (let k = 0; k < size; k++) images[i * size + k] = (pixels[id * size + k] ?? 0) / 255;
  });
  return images;
}

function shapeOf({ shape }: LabelledImages, count: number): [number, number, number, number] {
  return [count, shape[1], shape[2], shape[3]];
}
