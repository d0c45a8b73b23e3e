import * as z from 'zod/mini';
import { definePlugin } from '../hooks/definePlugin.js';
import { weightsOf } from '../student/Student.js';
import { Snapshot } from './Snapshot.js';
import { WeightAverage } from './WeightAverage.js';

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
  create: (options) => {
    const average = new WeightAverage(options);
    let trained: Snapshot | undefined; // the weights that training goes on with, while the averages are evaluated
    const free = () => {
      average.dispose();
      trained?.dispose();
      trained = undefined;
    };
    const putBack = () => {
      trained?.restore();
      trained?.dispose();
      trained = undefined;
    };
    return {
      onTrainBegin: () => {
        free();
        average.begin();
      },
      onAfterOptimizerStep: ({ student }) => average.update(weightsOf(student)),
      onBeforeEval: ({ student }) => {
        if (average.averages === undefined) return;
        trained = new Snapshot(weightsOf(student));
        average.averages.restore();
      },
      onAfterEval: { order: 'post', handler: putBack },
      onTrainEnd: {
        order: 'pre', // who keeps a better student comes after
        handler: () => {
          average.averages?.restore();
          free();
        },
      },
      onError: () => {
        putBack();
        free();
      },
      dispose: free,
      state: () => average.state(),
      restore: (state, { student }) => {
        free();
        average.restore(state, weightsOf(student));
      },
    };
  },
});
