import * as z from 'zod/mini';
import { definePlugin } from '../hooks/definePlugin.js';
import { isBetter, metricOptions, watchedMetric } from './Improvement.js';

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
    let best: number | undefined;
    let waited = 0;
    return {
      onTrainBegin: () => {
        best = undefined;
        waited = 0;
      },
      onEpochEnd: ({ logs, stop }) => {
        const metric = watchedMetric(logs, watch.metric, 'early-stopping');
        const value = logs[metric] ?? NaN;
        const better = isBetter(value, best, { ...watch, metric });
        if (better) best = value;
        waited = better ? 0 : waited + 1;
        if (waited >= patience) stop(`${metric} has not become better for ${patience} epochs`);
      },
      state: () => ({ best: best ?? null, waited }),
      restore: (state) => {
        best = (state['best'] as number | null) ?? undefined;
        waited = state['waited'] as number;
      },
    };
  },
});
