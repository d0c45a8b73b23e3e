import { type Tensor, zeros } from '@tensorflow/tfjs-core';
import {
  type Batch,
  batchSource,
  type BatchOptions,
  type Data,
  type EpochBatches,
  inputTensors,
  takeSamples,
  type TensorData,
} from '@tfjs-distill/core';

/** Which of several processes that share a data set, from 0. */
export interface Rank {
  readonly rank: number;
  readonly size: number;
}

/** A rank's samples of a batch, and how much of the batch they are. */
export interface PartBatch extends Batch {
  readonly share: Share;
}

export interface Share {
  /** What this rank's samples weigh together: their number, or the sum of their weights. 0 for a stand-in. */
  readonly weight: number;
  /** What all samples of the batch weigh. */
  readonly of: number;
}

/** Batches that can be made in part, at the cost of the part. */
export interface DivisibleBatches extends EpochBatches {
  part(rank: Rank): EpochBatches;
}

/**
 * A rank's part of a data set: of every batch the same samples on every run, each sample on one rank. All ranks get the
 * same number of batches, and their parts together are the batches that one process would get.
 *
 * A rank without a sample of a small last batch gets its first one as a stand-in that weighs nothing.
 *
 * @param options As `fit` would draw the batches.
 * @returns Batches `PartBatch` whose tensors are the caller's.
 * @example
 * partOf({ x, y }, { rank: 1, size: 2 }, { batchSize: 64 }); // samples 32 … 63 of each 64
 */
export function partOf(data: Data, rank: Rank, options: BatchOptions = {}): EpochBatches {
  if (isDivisible(data)) return data.part(rank);
  if (isTensorData(data)) return partInMemory(data, rank, options);
  const source = batchSource(data, options);
  const { steps } = source;
  return { ...(steps !== undefined && { steps }), batches: (epoch) => parts(source.epoch(epoch), rank) };
}

/** First place of a rank's samples among `count`, and the place behind its last. */
export function placesOf(count: number, { rank, size }: Rank): readonly [begin: number, end: number] {
  return [Math.floor((rank * count) / size), Math.floor(((rank + 1) * count) / size)];
}

/** The places of a rank's samples, and their share where all weigh the same; those of a stand-in where it has none. */
export function rowsOf<T>(
  rows: { subarray(begin: number, end: number): T; readonly length: number },
  rank: Rank,
) {
  const [begin, end] = placesOf(rows.length, rank);
  return {
    rows: end > begin ? rows.subarray(begin, end) : rows.subarray(0, 1),
    share: { weight: end - begin, of: rows.length },
  };
}

/** Of a data set in memory only the part is copied. */
function partInMemory(data: TensorData, rank: Rank, options: BatchOptions): EpochBatches {
  const samples = inputTensors(data.x)[0]?.shape[0] ?? 0;
  const batches = async function* (epoch: number): AsyncGenerator<PartBatch> {
    const weights = await data.weights?.data<'float32'>();
    const stands = zeros([samples, 1]); // for the samples: it is their order that is wanted
    try {
      for await (const { batch, free } of batchSource({ x: stands }, options).epoch(epoch)) {
        free();
        const places = batch.ids as Int32Array;
        const { rows, share } = rowsOf(places, rank);
        const weigh = (some: Int32Array) => (weights ? weightOf(weights, samples, some) : some.length);
        const weight = share.weight === 0 ? 0 : weigh(rows);
        yield { ...takeSamples(data, rows), share: { weight, of: weigh(places) } };
      }
    } finally {
      stands.dispose();
    }
  };
  return { steps: Math.ceil(samples / (options.batchSize ?? 32)), batches };
}

/** What some samples weigh, each by one number or by one for each of its positions. */
function weightOf(weights: Float32Array, samples: number, rows: Int32Array): number {
  const each = weights.length / samples;
  let total = 0;
  for (const row of rows) for (let k = 0; k < each; k++) total += weights[row * each + k] ?? 0;
  return total;
}

async function* parts(
  batches: ReturnType<ReturnType<typeof batchSource>['epoch']>,
  rank: Rank,
): AsyncGenerator<PartBatch> {
  for await (const { batch, free } of batches) {
    let part: PartBatch;
    try {
      part = await partOfBatch(batch, rank);
    } finally {
      free();
    }
    yield part;
  }
}

/** @returns Its tensors are the caller's; those of the batch stay whose they were. */
export async function partOfBatch(batch: Batch, rank: Rank): Promise<PartBatch> {
  const count = inputTensors(batch.x)[0]?.shape[0] ?? 0;
  const { rows, share } = rowsOf(
    Int32Array.from({ length: count }, (_, i) => i),
    rank,
  );
  const { ids, ...part } = takeSamples(batch, rows);
  const own = { ...part, ...(batch.ids && ids && { ids }) };
  if (batch.weights === undefined) return { ...own, share };
  const of = await totalOf(batch.weights);
  return { ...own, share: { weight: share.weight === 0 ? 0 : await totalOf(own.weights as Tensor), of } };
}

async function totalOf(weights: Tensor): Promise<number> {
  let total = 0;
  for (const weight of await weights.data()) total += weight;
  return total;
}

function isTensorData(data: Data): data is TensorData {
  return typeof data === 'object' && 'x' in data;
}

function isDivisible(data: Data): data is DivisibleBatches {
  return typeof data === 'object' && 'part' in data && typeof data.part === 'function';
}
