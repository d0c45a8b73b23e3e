import { type Logs, type StepEndContext } from '../context.js';
import { type Plugin } from '../hooks/Plugin.js';
import { learningRateOf } from './learningRate.js';

/** Losses and learning rate at one step. */
export type StepRow = Logs & { readonly step: number; readonly epoch: number; readonly loss: number };

export interface StepHistoryOptions {
  /** Looks at every so many-th step; each look reads the losses back. Default 10. */
  readonly every?: number;
  /** Gets each row as it comes. */
  readonly onRow?: (row: StepRow) => void | Promise<void>;
}

/** The row of a step: `loss`, each term unweighted, `learningRate` where there is one. Reads the losses back. */
export async function stepRow({
  globalStep,
  epoch,
  loss,
  parts,
  optimizer,
}: StepEndContext): Promise<StepRow> {
  const terms = await Promise.all(
    Object.entries(parts).map(async ([name, part]) => [name, await part.value()] as const),
  );
  const rate = optimizer && learningRateOf(optimizer);
  return {
    step: globalStep,
    epoch,
    loss: await loss.value(),
    ...Object.fromEntries(terms),
    ...(rate !== undefined && { learningRate: rate }),
  };
}

/**
 * Records losses step by step; `fit` itself returns a row an epoch.
 *
 * @param rows Where they go. A resumed run begins with those of the run before.
 * @example
 * const rows: StepRow[] = [];
 * manager.use(stepHistory(rows, { every: 50 }));
 */
export function stepHistory(rows: StepRow[], { every = 10, onRow }: StepHistoryOptions = {}): Plugin {
  return {
    name: 'step-history',
    onStepEnd: {
      order: 'observer',
      handler: async (ctx) => {
        if (ctx.globalStep % every !== 0) return;
        const row = await stepRow(ctx);
        rows.push(row);
        await onRow?.(row);
      },
    },
    state: () => ({ rows: [...rows] }),
    restore: (state) => void rows.splice(0, rows.length, ...(state['rows'] as StepRow[])),
  };
}
