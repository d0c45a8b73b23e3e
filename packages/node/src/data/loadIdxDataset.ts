import { DistillError } from '@tfjs-distill/core';
import { readIdx, type IdxArray } from './readIdx.js';

/** Labelled images as bytes: a quarter of the memory of float32, and what the file holds. */
export interface LabelledImages {
  /** Row-major, `[samples, height, width, channels]`, 0 to 255. */
  readonly pixels: Uint8Array;
  readonly shape: readonly [samples: number, height: number, width: number, channels: number];
  /** One class index per image. */
  readonly labels: Int32Array;
}

export interface IdxDatasetFiles {
  /** Images: uint8, `[samples, height, width]` or with channels last. */
  readonly images: string;
  /** Class indices: uint8, `[samples]`. */
  readonly labels: string;
  /** How many classes there are; a label outside of `0 … classes − 1` is then an error. */
  readonly classes?: number;
}

/**
 * Loads one set of labelled images from a pair of idx files, plain or gzipped.
 *
 * @returns The images as bytes, channels last, and their labels.
 * @throws DistillError `DATA` as `readIdx`, or if a file is of another kind, empty, or the two differ in count.
 * @example
 * const test = await loadIdxDataset({ images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte' });
 * test.shape; // [10000, 28, 28, 1]
 */
export async function loadIdxDataset({ images, labels, classes }: IdxDatasetFiles): Promise<LabelledImages> {
  const [imageArray, labelArray] = await Promise.all([readIdx(images), readIdx(labels)]);
  const pixels = expectBytes(imageArray, [3, 4], images);
  const classOf = expectBytes(labelArray, [1], labels);
  const [samples = 0, height = 0, width = 0, channels = 1] = imageArray.shape;
  if (pixels.length === 0) {
    throw new DistillError('DATA', `Expected at least one image, found [${imageArray.shape.join(', ')}].`, {
      where: images,
    });
  }
  if (classOf.length !== samples) {
    throw new DistillError(
      'DATA',
      `Expected ${samples} labels, one per image of ${images}, found ${classOf.length}.`,
      { where: labels, hint: 'The two files belong to different sets.' },
    );
  }
  if (classes !== undefined) expectClasses(classOf, classes, labels);
  return { pixels, shape: [samples, height, width, channels], labels: Int32Array.from(classOf) };
}

function expectBytes({ type, shape, data }: IdxArray, ranks: readonly number[], where: string): Uint8Array {
  if (data instanceof Uint8Array && ranks.includes(shape.length)) return data;
  const wanted = ranks.map((rank) => `0x000008${rank.toString(16).padStart(2, '0')}`).join(' or ');
  throw new DistillError(
    'DATA',
    `Expected uint8 with ${ranks.join(' or ')} dimensions (magic number ${wanted}), found ${type} [${shape.join(', ')}].`,
    { where },
  );
}

function expectClasses(labels: Uint8Array, classes: number, where: string): void {
  const at = labels.findIndex((label) => label >= classes);
  if (at < 0) return;
  throw new DistillError(
    'DATA',
    `Expected labels from 0 to ${classes - 1}, found ${labels[at]} at sample ${at}.`,
    { where, hint: 'The file is corrupt.' },
  );
}
