import * as z from 'zod/mini';
import { BEST } from '../checkpoint/checkpointFiles.js';
import { checkpointStore, type CheckpointStore } from '../checkpoint/CheckpointStore.js';
import { CheckpointWriter } from '../checkpoint/CheckpointWriter.js';
import { type EpochEndContext } from '../context.js';
import { definePlugin } from '../hooks/definePlugin.js';
import { isBetter, metricOptions, watchedMetric } from './Improvement.js';

const location = z.union(
  [
    z.string(),
    z.custom<CheckpointStore>((value) => typeof (value as CheckpointStore | null)?.write === 'function'),
  ],
  { error: 'a folder or a checkpoint store' },
);

/**
 * Writes checkpoints from which `fit({ resume })` goes on as if nothing had happened, `type: 'checkpoints'`: every
 * so many epochs or steps, at the last epoch, when training is stopped, and the last whole step when something
 * throws. Each is written at once or not at all, with a checksum; older ones go only when a newer one is there.
 *
 * Between steps it holds the state of the last one: as much memory as weights and optimizer take.
 *
 * @throws DistillError from `onTrainBegin` if the place cannot be written to.
 *
 * @example
 * await manager.fit(data, { epochs: 20, plugins: [checkpoints({ dir: 'runs/a', keep: 3, best: 'val_accuracy' })] });
 * await manager.fit(data, { epochs: 20, plugins: [checkpoints({ dir: 'runs/a' })], resume: 'runs/a' });
 */
export const checkpoints = definePlugin({
  type: 'checkpoints',
  options: z.strictObject({
    /** A folder, or a store. */
    dir: location,
    /** Epochs between two checkpoints, ≥ 1; 0 for none by epochs. */
    every: z._default(z.int().check(z.gte(0)), 1),
    /** Steps between two checkpoints, ≥ 1. Default: none within an epoch. */
    everySteps: z.optional(z.int().check(z.gte(1))),
    /** How many of the newest stay, ≥ 1. */
    keep: z._default(z.int().check(z.gte(1)), 3),
    /** Metric by which the best epoch's checkpoint is kept too, as `best.safetensors`. Default: none. */
    best: metricOptions.metric,
    mode: metricOptions.mode,
  }),
  create: ({ dir, every, everySteps, keep, best: metric, mode }) => {
    const store = checkpointStore(dir);
    const writer = new CheckpointWriter(store, keep);
    let best: number | undefined;
    const improves = ({ logs }: EpochEndContext): boolean => {
      if (metric === undefined) return false;
      const value = logs[watchedMetric(logs, metric, 'checkpoints')] ?? NaN;
      if (!isBetter(value, best, { metric, mode })) return false;
      best = value;
      return true;
    };
    return {
      onTrainBegin: async () => {
        best = undefined;
        await store.prepare?.();
      },
      onStepEnd: {
        order: 'last', // the others' state is that of this step
        handler: async ({ capture, globalStep, stopReason }) => {
          const steps = globalStep + 1;
          writer.hold(capture(), steps);
          if (stopReason !== undefined || (everySteps !== undefined && steps % everySteps === 0))
            await writer.write();
        },
      },
      onEpochEnd: {
        order: 'last',
        handler: async (ctx) => {
          if (!ctx.complete) return writer.write(); // stopped within the epoch: the last step is where to go on
          const isBest = improves(ctx);
          writer.hold(ctx.capture(), ctx.steps);
          const done = ctx.epoch + 1;
          const due = every > 0 && done % every === 0;
          if (due || done === ctx.epochs || ctx.stopReason !== undefined) await writer.write();
          if (isBest) await writer.writeAs(BEST);
        },
      },
      onTrainEnd: () => writer.release(),
      onError: () => writer.rescue(),
      dispose: () => writer.release(),
      state: () => ({ best: best ?? null }),
      restore: (state) => {
        best = (state['best'] as number | null) ?? undefined;
      },
    };
  },
});
