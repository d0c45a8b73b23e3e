import { type Tensor } from '@tensorflow/tfjs-core';
import { type Batch, type Inputs } from '../Batch.js';

/** A whole data set in memory: `x` and `y` hold all samples along the first dimension. */
export interface TensorData {
  readonly x: Inputs;
  /** What the teacher sees instead of `x`, as in `Batch`. */
  readonly teacherX?: Inputs;
  readonly y?: Tensor;
  readonly weights?: Tensor;
  /** Stable id of each sample; default its index. */
  readonly ids?: Int32Array;
  /** Which view of the samples `x` holds, as in `Batch`. Default: the samples as they are. */
  readonly view?: string;
}

/** A data set that gives its batches anew each epoch, such as tf.data's. */
export interface BatchDataset {
  iterator(): Promise<{ next(): Promise<{ readonly value: unknown; readonly done?: boolean }> }>;
}

/** Anything that batches come out of. */
export type BatchStream = Iterable<Batch> | AsyncIterable<Batch>;

/** Batches by the epoch: the same epoch gives the same batches, so that a training can go on where it ended. */
export interface EpochBatches {
  /** Steps of one epoch, where known: schedules then move with every step. */
  readonly steps?: number;
  /** Batches of an epoch, from 0. */
  batches(epoch: number): BatchStream;
}

/**
 * What `fit` trains on. Who owns the tensors: you own what you hold (`TensorData`, an array of
 * batches); `fit` frees what it draws (batches out of a function, a dataset, or by the epoch).
 */
export type Data = TensorData | readonly Batch[] | (() => BatchStream) | BatchDataset | EpochBatches;
