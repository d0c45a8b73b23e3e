import { type Tensor } from '@tensorflow/tfjs-core';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { type Batch, batchSize, type Inputs, inputTensors, isTensor } from '../Batch.js';
import { DistillError, expected } from '../errors.js';
import {
  type BatchDataset,
  type BatchStream,
  type Data,
  type EpochBatches,
  type TensorData,
} from './Data.js';
import { takeSamples } from './takeSamples.js';

export interface BatchOptions {
  /** Samples a step, for data in memory. Default 32. */
  readonly batchSize?: number | undefined;
  /** New order each epoch, for data in memory. */
  readonly shuffle?: boolean | undefined;
  /** Seed of the order; the same seed and epoch give the same order on every machine. */
  readonly seed?: number | undefined;
}

/** A data set as epochs of batches. */
export interface BatchSource {
  /** Steps of one epoch, where known. */
  readonly steps?: number;
  /** Batches of an epoch. `free` is to be called when a batch has been used. */
  epoch(epoch: number): AsyncIterable<{ readonly batch: Batch; readonly free: () => void }>;
}

/** Brings every kind of data to one form. */
export function batchSource(data: Data, options: BatchOptions = {}): BatchSource {
  if (typeof data === 'function') return { epoch: () => owned(data()) };
  if (isList(data)) return heldBatches(data);
  if (typeof data === 'object' && 'batches' in data) return byEpoch(data);
  if (typeof data === 'object' && 'iterator' in data) return { epoch: () => owned(fromDataset(data)) };
  if (isTensorData(data)) return inMemory(data, options);
  throw expected('data', '{ x, y }, a list of batches, a function that gives batches, or a dataset', data, {
    where: 'fit',
  });
}

function inMemory(data: TensorData, options: BatchOptions): BatchSource {
  const { batchSize: size = 32, shuffle = false, seed = 0 } = options;
  if (!(Number.isInteger(size) && size > 0))
    throw expected('batchSize', 'a whole number above 0', size, { where: 'fit' });
  const samples = batchSize(data);
  if (samples === 0) throw noSamples();
  return {
    steps: Math.ceil(samples / size),
    // eslint-disable-next-line @typescript-eslint/require-await -- one form for all sources
    async *epoch(epoch) {
      const order = shuffle ? shuffledIndices(samples, seed, epoch) : indices(samples);
      for (let start = 0; start < samples; start += size) {
        const batch = takeSamples(data, order.subarray(start, Math.min(start + size, samples)));
        yield { batch, free: () => freeBatch(batch) };
      }
    },
  };
}

/**
 * Order of the samples in one epoch: a Fisher–Yates shuffle of `0 … count − 1`, a pure function of
 * seed and epoch.
 */
export function shuffledIndices(count: number, seed: number, epoch: number): Int32Array {
  const random = xoroshiro128plus(Math.imul(seed, 0x9e3779b1) ^ (epoch + 1));
  const order = indices(count);
  for (let i = count - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

function indices(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}

function heldBatches(batches: readonly Batch[]): BatchSource {
  if (batches.length === 0) throw noSamples();
  return {
    steps: batches.length,
    // eslint-disable-next-line @typescript-eslint/require-await -- one form for all sources
    async *epoch() {
      for (const batch of batches) yield { batch, free: () => undefined };
    },
  };
}

function byEpoch(data: EpochBatches): BatchSource {
  const { steps } = data;
  return { ...(steps !== undefined && { steps }), epoch: (epoch) => owned(data.batches(epoch)) };
}

async function* owned(stream: BatchStream) {
  for await (const batch of stream) yield { batch, free: () => freeBatch(batch) };
}

async function* fromDataset(dataset: BatchDataset): AsyncGenerator<Batch> {
  const iterator = await dataset.iterator();
  for (;;) {
    const { value, done } = await iterator.next();
    if (done || value === null || value === undefined) return;
    yield await asBatch(value);
  }
}

/** tf.data gives `{ xs, ys }` by Keras's habit, and ids as a tensor or a list. */
async function asBatch(value: unknown): Promise<Batch> {
  const { x, y, ids, xs = x, ys = y, ...rest } = value as LooseBatch;
  if (xs === undefined) throw expected('batch', '{ x, y } or { xs, ys }', value, { where: 'dataset' });
  return { ...rest, x: xs, ...(ys && { y: ys }), ...(ids && { ids: await asIds(ids) }) };
}

interface LooseBatch extends Partial<Omit<Batch, 'ids'>> {
  readonly xs?: Inputs;
  readonly ys?: Tensor;
  readonly ids?: Tensor | ArrayLike<number>;
}

async function asIds(ids: Tensor | ArrayLike<number>): Promise<Int32Array> {
  const numbers = isTensor(ids) ? await ids.data() : ids;
  if (isTensor(ids)) ids.dispose();
  const whole = Int32Array.from(numbers);
  const bad = whole.findIndex((id, i) => id !== numbers[i]);
  if (bad < 0) return whole;
  throw expected('batch.ids', 'whole numbers of 32 bits', numbers[bad], { where: 'dataset' });
}

function freeBatch({ x, teacherX = [], y, weights }: Batch): void {
  for (const tensor of [...inputTensors(x), ...inputTensors(teacherX)]) tensor.dispose();
  y?.dispose();
  weights?.dispose();
}

function noSamples(): DistillError {
  return new DistillError('DATA', 'The data set has no samples.', { where: 'fit' });
}

function isList(data: Data): data is readonly Batch[] {
  return Array.isArray(data);
}

function isTensorData(data: unknown): data is TensorData {
  return typeof data === 'object' && data !== null && 'x' in data;
}
