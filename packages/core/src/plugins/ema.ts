import { add, mul, type Tensor, tidy, type Variable } from '@tensorflow/tfjs-core';
import * as z from 'zod/mini';
import { definePlugin } from '../hooks/definePlugin.js';
import { weightsOf } from '../student/Student.js';
import { Snapshot } from './Snapshot.js';

/**
 * One step of an exponential moving average: `decay · average + (1 − decay) · value`.
 *
 * @param decay From 0 to 1.
 * @returns New tensors in the same order; the caller owns them.
 * @example
 * averageStep([scalar(1)], [scalar(2)], 0.9); // [1.1]
 */
export function averageStep(averages: readonly Tensor[], values: readonly Tensor[], decay: number): Tensor[] {
  return averages.map((average, i) =>
    tidy(() => add(mul(average, decay), mul(values[i] as Tensor, 1 - decay))),
  );
}

/** Decay of one step: rises with the steps, so that the start is forgotten. `decayAt(0.999, 0)` is 0.1. */
export const decayAt = (decay: number, step: number): number => Math.min(decay, (1 + step) / (10 + step));

/**
 * Averages the student's weights over the steps, `type: 'ema'`: evaluates by the averages, and leaves them in
 * the student when training ends. Its running statistics are averaged too.
 *
 * @example
 * ema({ decay: 0.999 });
 * @see Polyak, Juditsky, "Acceleration of stochastic approximation by averaging", https://doi.org/10.1137/0330046 (1992)
 */
export const ema = definePlugin({
  type: 'ema',
  options: z.strictObject({
    /** Share of the old average that a step keeps, from 0 below 1. */
    decay: z._default(z.number().check(z.gte(0), z.lt(1)), 0.999),
    /** Whether the decay starts low and rises to its value: `min(decay, (1 + step) / (10 + step))`. */
    warmUp: z._default(z.boolean(), true),
  }),
  create: ({ decay, warmUp }) => {
    let averages: Snapshot | undefined;
    let trained: Snapshot | undefined; // the weights that training goes on with, while the averages are evaluated
    let updates = 0;
    const free = () => {
      averages?.dispose();
      trained?.dispose();
      averages = trained = undefined;
    };
    const putBack = () => {
      trained?.restore();
      trained?.dispose();
      trained = undefined;
    };
    const average = (weights: readonly Variable[]) => {
      const rate = warmUp ? decayAt(decay, updates) : decay;
      updates += 1;
      const before = averages;
      averages = new Snapshot(weights, before && averageStep(before.values, weights, rate));
      before?.dispose();
    };
    return {
      traceable: false, // it keeps tensors from step to step
      onTrainBegin: () => {
        free();
        updates = 0;
      },
      onAfterOptimizerStep: ({ student }) => average(weightsOf(student)),
      onBeforeEval: ({ student }) => {
        if (averages === undefined) return;
        trained = new Snapshot(weightsOf(student));
        averages.restore();
      },
      onAfterEval: { order: 'post', handler: putBack },
      onTrainEnd: {
        order: 'pre', // who keeps a better student comes after
        handler: () => {
          averages?.restore();
          free();
        },
      },
      onError: () => {
        putBack();
        free();
      },
      dispose: free,
      state: () => ({ updates, averages: averages?.values ?? null }),
      restore: (state, { student }) => {
        free();
        updates = state['updates'] as number;
        if (state['averages'] !== null)
          averages = new Snapshot(weightsOf(student), state['averages'] as readonly Tensor[]);
      },
    };
  },
});
