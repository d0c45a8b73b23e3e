import { type History, type Logs } from '@tfjs-distill/core';

/** Training as Keras tells it: a list of values for each name. */
export interface KerasHistory {
  readonly epoch: readonly number[];
  /** `loss`, `student_loss`, `distillation_loss` and, with validation data, `val_loss` and `val_…` of the metric. */
  readonly history: Readonly<Record<string, readonly number[]>>;
}

/**
 * A history by name instead of by epoch. `distillation_loss` is `Σ wᵢ · lossᵢ`.
 *
 * @param weights `wᵢ`, one for each distillation loss.
 */
export function kerasHistory(
  { epochs }: History,
  weights: readonly number[],
  accuracyName: string,
): KerasHistory {
  const rows = epochs.map((logs) => row(logs, weights, accuracyName));
  const names = Object.keys(rows[0] ?? {});
  return {
    epoch: rows.map((_, epoch) => epoch),
    history: Object.fromEntries(names.map((name) => [name, rows.map((values) => values[name] ?? NaN)])),
  };
}

function row(
  { loss, task, val_loss, val_accuracy, ...rest }: Logs,
  weights: readonly number[],
  accuracyName: string,
): Logs {
  // the losses' own names, in order, as the criteria recorded them
  const terms = Object.entries(rest).filter(([name]) => /Distillation(-\d+)?$/.test(name));
  return {
    loss: loss ?? NaN,
    student_loss: task ?? NaN,
    distillation_loss: terms.reduce((sum, [, value], i) => sum + value * (weights[i] ?? 1), 0),
    ...(val_loss !== undefined && { val_loss }),
    ...(val_accuracy !== undefined && { [`val_${accuracyName}`]: val_accuracy }),
  };
}
