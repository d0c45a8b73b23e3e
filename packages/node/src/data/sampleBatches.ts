import { tensor, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { type Batch, type EpochBatches, expected, shuffledIndices } from '@tfjs-distill/core';
import { type DivisibleBatches, rowsOf } from './partOf.js';
import { augmentationView, augmentImages, type AugmentOptions, type ImageShape } from './augmentImages.js';
import { type Samples } from './Dataset.js';
import { floatRows } from './sampleTensors.js';

export interface SampleBatchesOptions {
  /** Which samples, by position. */
  readonly rows: Int32Array;
  readonly batchSize: number;
  /** Decides order and views. */
  readonly seed: number;
  /** Positions whose labels may be seen; the others get −1. Default all. */
  readonly labelled?: ReadonlySet<number> | undefined;
  /** A new view of every image in every epoch; for samples `[height, width, channels]`. */
  readonly augment?: Omit<AugmentOptions, 'seed' | 'ids'> | undefined;
}

/** Samples with all that a training or a teacher may ask of them. */
export interface SampleBatch extends Batch {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly ids: Int32Array;
}

export interface SampleBatches extends EpochBatches {
  readonly steps: number;
  batches(epoch: number): Iterable<SampleBatch>;
}

/**
 * A data set's samples as training takes them: each epoch in a new order, in whole batches, a pure function of seed
 * and epoch.
 *
 * Samples that fill no batch wait for another epoch; fewer samples than one batch are one batch. `part` makes only a
 * rank's samples of each.
 *
 * @throws DistillError `OPTION` if samples that are no images are to be augmented.
 */
export function sampleBatches(
  samples: Samples,
  options: SampleBatchesOptions,
): SampleBatches & DivisibleBatches {
  const { rows, seed, augment } = options;
  if (augment !== undefined && samples.shape.length !== 4)
    throw expected('augment', 'left out for samples that are no images', samples.shape, {
      where: 'sampleBatches',
    });
  const size = Math.min(options.batchSize, rows.length);
  const steps = Math.floor(rows.length / size);
  const drawn = function* (epoch: number): Generator<Int32Array> {
    const order = shuffledIndices(rows.length, seed, epoch).map((i) => rows[i] ?? 0);
    for (let at = 0; at + size <= order.length; at += size) yield order.subarray(at, at + size);
  };
  const made = (places: Int32Array, epoch: number) =>
    batchOf(samples, places, options, seed * 10_007 + epoch);
  return {
    steps,
    *batches(epoch) {
      for (const places of drawn(epoch)) yield made(places, epoch);
    },
    part: (rank) => ({
      steps,
      *batches(epoch) {
        for (const places of drawn(epoch)) {
          const { rows: own, share } = rowsOf(places, rank);
          yield { ...made(own, epoch), share };
        }
      },
    }),
  };
}

function batchOf(
  samples: Samples,
  rows: Int32Array,
  { labelled, augment }: SampleBatchesOptions,
  seed: number,
): SampleBatch {
  const shape = [rows.length, ...samples.shape.slice(1)];
  const values = floatRows(samples, rows);
  const ids = rows.map((row) => samples.ids[row] ?? -1);
  const labels = rows.map((row) => (labelled?.has(row) === false ? -1 : (samples.labels[row] ?? -1)));
  const x = augment
    ? augmentImages(values, shape as unknown as ImageShape, { ...augment, seed, ids })
    : values;
  return {
    x: tensor(x, shape, 'float32'),
    y: tensor1d(labels, 'int32'),
    ids,
    ...(augment && { view: augmentationView({ ...augment, seed }) }),
  };
}

/** All samples in order, a batch at a time: what evaluations and teachers are asked with. */
export function inOrder(samples: Samples, rows: Int32Array, batchSize: number): SampleBatches {
  return {
    steps: Math.ceil(rows.length / batchSize),
    *batches() {
      for (let at = 0; at < rows.length; at += batchSize)
        yield batchOf(samples, rows.subarray(at, at + batchSize), { rows, batchSize, seed: 0 }, 0);
    },
  };
}
