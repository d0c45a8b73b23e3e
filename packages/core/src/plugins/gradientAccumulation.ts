import { add, dispose, keep, mul, type NamedTensorMap, type Tensor, tidy } from '@tensorflow/tfjs-core';
import * as z from 'zod/mini';
import { batchSize } from '../Batch.js';
import { definePlugin } from '../hooks/definePlugin.js';
import { shareTensor } from '../shareTensor.js';

/**
 * Adds gradients times a weight to their sums.
 *
 * @param sums In the gradients' order; empty at the start.
 * @returns New tensors in the same order; the caller owns them.
 * @example
 * addWeighted([tensor1d([1])], [tensor1d([3])], 2); // [[7]]
 */
export function addWeighted(sums: readonly Tensor[], grads: readonly Tensor[], weight: number): Tensor[] {
  return grads.map((grad, i) =>
    tidy(() => {
      const sum = sums[i];
      const weighted = mul(grad, weight);
      return sum === undefined ? weighted : add(sum, weighted);
    }),
  );
}

/**
 * Moves the weights once in `steps` steps, by the mean of their gradients weighted by the batches' sizes,
 * `type: 'gradient-accumulation'`. So the mean over the samples stays the mean over the samples, also where the
 * last batch is smaller. In between the optimizer rests. What is left over at the end of an epoch goes into
 * the next.
 *
 * A criterion that compares the samples of a batch (`coupled`) still compares those of the small batch.
 *
 * @example
 * gradientAccumulation({ steps: 4 }); // batchSize 32 trains as 128
 */
export const gradientAccumulation = definePlugin({
  type: 'gradient-accumulation',
  options: z.strictObject({
    /** Steps that make one update, ≥ 1. */
    steps: z.int().check(z.gte(1)),
  }),
  create: ({ steps }) => {
    let sums: readonly Tensor[] = [];
    let names = '';
    let samples = 0;
    let gathered = 0;
    const replace = (next: readonly Tensor[]) => {
      dispose([...sums]);
      sums = next.map((tensor) => keep(tensor));
    };
    const reset = () => {
      replace([]);
      names = '';
      samples = gathered = 0;
    };
    const gather = (grads: NamedTensorMap, size: number) => {
      const key = Object.keys(grads).join();
      if (names !== '' && names !== key) reset(); // another stage trains other variables
      names = key;
      replace(addWeighted(sums, Object.values(grads), size));
      samples += size;
      gathered += 1;
    };
    return {
      traceable: false, // it keeps tensors from step to step
      onTrainBegin: reset,
      onBeforeOptimizerStep: {
        order: 'pre', // clipping is for what is applied
        handler: (grads, { batch }) => {
          gather(grads, batchSize(batch));
          if (gathered < steps) return {};
          const means = addWeighted([], sums, 1 / samples);
          reset();
          return Object.fromEntries(Object.keys(grads).map((name, i) => [name, means[i] as Tensor]));
        },
      },
      onTrainEnd: reset,
      onError: reset,
      dispose: reset,
      state: () => ({ sums, samples, gathered }),
      restore: (state) => {
        reset();
        replace((state['sums'] as readonly Tensor[]).map(shareTensor));
        samples = state['samples'] as number;
        gathered = state['gathered'] as number;
      },
    };
  },
});
