import {
  all,
  dispose,
  isFinite as isFiniteTensor,
  keep,
  type Tensor,
  tidy,
  type Variable,
} from '@tensorflow/tfjs-core';
import { readsAreCheap } from '../cheapReads.js';
import { type StepContext, type StepEndContext } from '../context.js';
import { DistillError } from '../errors.js';
import { type Plugin } from '../hooks/Plugin.js';
import { shareTensor } from '../shareTensor.js';

export interface FiniteGuardOptions {
  /**
   * Look at the loss every so many steps. Default: every step where reading is cheap (cpu, wasm,
   * native), every 20th on a GPU in the browser, where a read waits for the whole queue.
   */
  readonly every?: number;
}

/** The weights before one step. They share the variables' data, so keeping two of these costs nothing. */
type Snapshot = readonly { readonly variable: Variable; readonly value: Tensor }[];

/**
 * Stops training as soon as the loss is NaN or infinite, and puts the last good weights back.
 *
 * Good weights are the newest that are finite themselves: those that met the bad batch, or, if an
 * earlier update had already broken them, those before it.
 *
 * @throws DistillError `NUMERIC` with epoch and step, from `onStepEnd`.
 */
export function finiteGuard({ every }: FiniteGuardOptions = {}): Plugin {
  let good: Snapshot = [];
  let current: Snapshot = [];
  const due = ({ globalStep }: StepContext) => {
    const period = every ?? (readsAreCheap() ? 1 : 20);
    return globalStep % period === 0;
  };
  const free = () => {
    release(good);
    release(current);
    good = current = [];
  };
  return {
    name: 'finite-guard',
    onStepBegin: (ctx) => {
      if (!due(ctx)) return;
      release(good);
      good = current;
      current = takeSnapshot(ctx.student.variables);
    },
    onStepEnd: {
      order: 'pre', // nobody should act on a loss that is none
      handler: async (ctx) => {
        if (!due(ctx)) return;
        const loss = await ctx.loss.value();
        if (Number.isFinite(loss)) return;
        restore((await isFiniteSnapshot(current)) ? current : good);
        throw notFinite(loss, ctx);
      },
    },
    onTrainEnd: free,
    onError: free,
    dispose: free,
  };
}

function takeSnapshot(variables: readonly Variable[]): Snapshot {
  return variables.map((variable) => ({ variable, value: keep(shareTensor(variable as Tensor)) }));
}

async function isFiniteSnapshot(snapshot: Snapshot): Promise<boolean> {
  for (const { value } of snapshot) {
    const finite = tidy(() => all(isFiniteTensor(value)));
    const [yes] = await finite.data();
    finite.dispose();
    if (!yes) return false;
  }
  return true;
}

function restore(snapshot: Snapshot): void {
  for (const { variable, value } of snapshot) variable.assign(value);
}

function release(snapshot: Snapshot): void {
  dispose(snapshot.map(({ value }) => value));
}

function notFinite(loss: number, { epoch, step, globalStep }: StepEndContext): DistillError {
  return new DistillError(
    'NUMERIC',
    `The loss is ${loss} at epoch ${epoch}, step ${step} (${globalStep} in all); the last good weights are back in place.`,
    { hint: 'Lower the learning rate, clip gradients, or look for broken samples in this batch.' },
  );
}
