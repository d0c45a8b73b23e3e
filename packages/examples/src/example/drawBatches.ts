import { type Batch, batchSource } from '@tfjs-distill/core';
import { type SampleTensors } from '@tfjs-distill/node';

/** A batch of samples that have labels. */
export type LabelledBatch = Batch & Pick<SampleTensors, 'x' | 'y'>;

/** An epoch's batches in an order of its own; each is freed when the next is drawn. */
export async function* drawBatches(
  data: SampleTensors,
  { batchSize, seed, epoch }: { readonly batchSize: number; readonly seed: number; readonly epoch: number },
): AsyncGenerator<LabelledBatch> {
  const source = batchSource(data, { batchSize, shuffle: true, seed });
  for await (const { batch, free } of source.epoch(epoch)) {
    try {
      yield batch as LabelledBatch;
    } finally {
      free();
    }
  }
}
