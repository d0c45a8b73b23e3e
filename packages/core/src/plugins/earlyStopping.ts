import * as z from 'zod/mini';
import { definePlugin } from '../hooks/definePlugin.js';
import { metricOptions } from './Improvement.js';
import { Patience } from './Patience.js';

/**
 * Stops when a metric has not become better for `patience` epochs, `type: 'early-stopping'`.
 *
 * @example
 * earlyStopping({ metric: 'val_accuracy', patience: 3 }); // best in epoch 4: ends after epoch 7
 */
export const earlyStopping = definePlugin({
  type: 'early-stopping',
  options: z.strictObject({
    ...metricOptions,
    /** Epochs without improvement that are put up with, ≥ 1. */
    patience: z._default(z.int().check(z.gte(1)), 5),
  }),
  create: ({ patience, ...watch }) => {
    const waiting = new Patience(watch, patience, 'early-stopping');
    return {
      onTrainBegin: () => waiting.begin(),
      onEpochEnd: ({ logs, stop }) => {
        const metric = waiting.lost(logs);
        if (metric !== undefined) stop(`${metric} has not become better for ${patience} epochs`);
      },
      state: () => waiting.state(),
      restore: (state) => waiting.restore(state),
    };
  },
});
