import * as z from 'zod/mini';
import { type Logs } from '../context.js';
import { unknownName } from '../errors.js';

/** Whether a metric is better when it is lower or higher; `auto`: higher for accuracies, agreements and the like. */
export type MetricMode = 'auto' | 'min' | 'max';

export interface ImprovementOptions {
  /** Column of the epoch's logs. */
  readonly metric?: string | undefined;
  readonly mode: MetricMode;
  /** Least change that counts, ≥ 0. */
  readonly minDelta: number;
}

/** Options of every plugin that watches a metric. */
export const metricOptions = {
  metric: z.optional(z.string()),
  mode: z._default(z.enum(['auto', 'min', 'max']), 'auto'),
  minDelta: z._default(z.number().check(z.gte(0)), 0),
};

/**
 * Whether a value of a metric is better than the best so far, by more than `minDelta`. Never for `NaN`.
 *
 * @example
 * isBetter(0.91, 0.9, { metric: 'val_accuracy' }); // true
 * isBetter(0.31, 0.3, { metric: 'val_loss' }); // false
 */
export function isBetter(
  value: number,
  best: number | undefined,
  { metric = '', mode = 'auto', minDelta = 0 }: Partial<ImprovementOptions>,
): boolean {
  if (Number.isNaN(value)) return false;
  if (best === undefined) return true;
  return higherIsBetter(metric, mode) ? value > best + minDelta : value < best - minDelta;
}

function higherIsBetter(metric: string, mode: MetricMode): boolean {
  return mode === 'max' || (mode === 'auto' && /acc|agreement|f1|precision|recall|auc|top\d/i.test(metric));
}

/**
 * The watched metric's name: the one asked for, else the validation's loss, else the training's.
 *
 * @throws DistillError, naming the nearest, if the logs do not have it.
 */
export function watchedMetric(logs: Logs, metric: string | undefined, where: string): string {
  const name = metric ?? ('val_loss' in logs ? 'val_loss' : 'loss');
  if (name in logs) return name;
  throw unknownName('metric', name, Object.keys(logs), {
    where,
    ...(name.startsWith('val_') && {
      hint: `Known: ${Object.keys(logs).join(', ')}. Give \`fit\` a \`validation\`.`,
    }),
  });
}
