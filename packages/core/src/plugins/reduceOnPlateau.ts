import * as z from 'zod/mini';
import { definePlugin } from '../hooks/definePlugin.js';
import { metricOptions } from './Improvement.js';
import { learningRateOf, optimizerOf, setLearningRate } from './learningRate.js';
import { Patience } from './Patience.js';

/**
 * Lowers the learning rate by a factor whenever a metric has not become better for `patience` epochs,
 * `type: 'reduce-on-plateau'`.
 *
 * @example
 * reduceOnPlateau({ metric: 'val_loss', factor: 0.5, patience: 2 }); // 1e-3, 5e-4, 2.5e-4, …
 */
export const reduceOnPlateau = definePlugin({
  type: 'reduce-on-plateau',
  options: z.strictObject({
    ...metricOptions,
    /** Between 0 and 1. */
    factor: z._default(z.number().check(z.gt(0), z.lt(1)), 0.1),
    /** Epochs without improvement that are put up with, ≥ 1. */
    patience: z._default(z.int().check(z.gte(1)), 3),
    /** Least learning rate, ≥ 0. */
    min: z._default(z.number().check(z.gte(0)), 0),
  }),
  create: ({ factor, patience, min, ...watch }) => {
    const waiting = new Patience(watch, patience, 'reduce-on-plateau');
    return {
      onTrainBegin: () => waiting.begin(),
      onEpochEnd: (ctx) => {
        if (waiting.lost(ctx.logs) === undefined) return;
        waiting.renew();
        const optimizer = optimizerOf(ctx, 'reduce-on-plateau');
        const rate = learningRateOf(optimizer) ?? 0;
        setLearningRate(optimizer, Math.min(rate, Math.max(min, rate * factor)));
      },
      state: () => waiting.state(),
      restore: (state) => waiting.restore(state),
    };
  },
});
