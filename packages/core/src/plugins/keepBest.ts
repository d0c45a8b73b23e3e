import { type Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod/mini';
import { type EpochContext } from '../context.js';
import { definePlugin } from '../hooks/definePlugin.js';
import { weightsOf } from '../student/Student.js';
import { isBetter, metricOptions, watchedMetric } from './Improvement.js';
import { Snapshot } from './Snapshot.js';

/**
 * Keeps the student of the best epoch, batch-norm statistics and all, and gives it back when training ends,
 * `type: 'keep-best'`.
 *
 * What it keeps is what was evaluated: together with `ema` the averaged weights.
 *
 * @example
 * keepBest({ metric: 'val_accuracy' });
 */
export const keepBest = definePlugin({
  type: 'keep-best',
  options: z.strictObject({
    ...metricOptions,
    /** Whether the best student is put back at the end, or only its metric logged. */
    restore: z._default(z.boolean(), true),
  }),
  create: ({ restore, ...watch }) => {
    let kept: Snapshot | undefined;
    let evaluated: Snapshot | undefined;
    let best: number | undefined;
    const keep = (snapshot: Snapshot | undefined) => {
      kept?.dispose();
      kept = snapshot;
    };
    const free = () => {
      evaluated?.dispose();
      keep((evaluated = undefined));
    };
    const take = ({ student }: EpochContext) => new Snapshot(weightsOf(student));
    return {
      onTrainBegin: () => {
        best = undefined;
        free();
      },
      onAfterEval: (ctx) => {
        evaluated?.dispose();
        evaluated = take(ctx);
      },
      onEpochEnd: (ctx) => {
        const metric = watchedMetric(ctx.logs, watch.metric, 'keep-best');
        const value = ctx.logs[metric] ?? NaN;
        if (isBetter(value, best, { ...watch, metric })) {
          best = value;
          keep(evaluated ?? take(ctx));
        } else evaluated?.dispose();
        evaluated = undefined;
        if (best !== undefined) ctx.log(`best_${metric}`, best);
      },
      onTrainEnd: () => {
        if (restore) kept?.restore();
        free();
      },
      onError: free,
      dispose: free,
      state: () => ({ best: best ?? null, weights: kept?.values ?? null }),
      restore: ({ best: value, weights }, { student }) => {
        best = (value as number | null) ?? undefined;
        keep(weights === null ? undefined : new Snapshot(weightsOf(student), weights as readonly Tensor[]));
      },
    };
  },
});
