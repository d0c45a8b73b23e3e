import { all, isFinite as isFiniteTensor, tidy } from '@tensorflow/tfjs-core';
import { readsAreCheap } from '../cheapReads.js';
import { type StepEndContext } from '../context.js';
import { DistillError } from '../errors.js';
import { type Plugin } from '../hooks/Plugin.js';
import { weightsOf } from '../student/Student.js';
import { Snapshot } from './Snapshot.js';

export interface FiniteGuardOptions {
  /**
   * Look at the loss every so many steps. Default: every step where reading is cheap (cpu, wasm,
   * native), every 20th on a GPU in the browser, where a read waits for the whole queue.
   */
  readonly every?: number;
}

/**
 * Stops training as soon as the loss is NaN or infinite, and puts the last good weights back.
 *
 * Good weights are the newest that are finite themselves: those that met the bad batch, or, if an
 * earlier update had already broken them, those before it.
 *
 * @throws DistillError `NUMERIC` with epoch and step, from `onStepEnd`.
 */
export function finiteGuard({ every }: FiniteGuardOptions = {}): Plugin {
  // the weights before the last two steps that were looked at
  let good: Snapshot | undefined;
  let current: Snapshot | undefined;
  // of so many steps, the weights before the first are kept and the loss of the last is looked at
  const due = (step: number) => step % (every ?? (readsAreCheap() ? 1 : 20)) === 0;
  const free = () => {
    good?.dispose();
    current?.dispose();
    good = current = undefined;
  };
  return {
    name: 'finite-guard',
    onStepBegin: (ctx) => {
      if (!due(ctx.globalStep)) return;
      good?.dispose();
      good = current;
      current = new Snapshot(weightsOf(ctx.student));
    },
    onStepEnd: {
      order: 'pre', // nobody should act on a loss that is none
      handler: async (ctx) => {
        if (!due(ctx.globalStep + 1)) return;
        const loss = await ctx.loss.value();
        if (Number.isFinite(loss)) return;
        const last = (await isFiniteSnapshot(current)) ? current : good;
        last?.restore();
        throw notFinite(loss, ctx);
      },
    },
    onTrainEnd: free,
    onError: free,
    dispose: free,
  };
}

async function isFiniteSnapshot(snapshot: Snapshot | undefined): Promise<boolean> {
  for (const value of snapshot?.values ?? []) {
    const finite = tidy(() => all(isFiniteTensor(value)));
    const [yes] = await finite.data();
    finite.dispose();
    if (!yes) return false;
  }
  return true;
}

function notFinite(loss: number, { epoch, step, globalStep }: StepEndContext): DistillError {
  return new DistillError(
    'NUMERIC',
    `The loss is ${loss} at epoch ${epoch}, step ${step} (${globalStep} in all); the last good weights are back in place.`,
    { hint: 'Lower the learning rate, clip gradients, or look for broken samples in this batch.' },
  );
}
