import { type Optimizer } from '@tensorflow/tfjs-core';
import * as z from 'zod/mini';
import { knobSchema } from '../config/knobSchema.js';
import { DistillError } from '../errors.js';
import { definePlugin } from '../hooks/definePlugin.js';

/** What every optimizer of tf.train has, hidden by its types. */
interface Rated {
  learningRate?: number;
  setLearningRate?(rate: number): void;
}

/** The learning rate of an optimizer; `undefined` where it has none. */
export function learningRateOf(optimizer: Optimizer): number | undefined {
  return (optimizer as unknown as Rated).learningRate;
}

/**
 * Sets the learning rate of any optimizer of tf.train from the next step on.
 *
 * @param rate At least 0.
 * @throws DistillError if the optimizer has no learning rate.
 */
export function setLearningRate(optimizer: Optimizer, rate: number): void {
  const rated = optimizer as unknown as Rated;
  if (rated.learningRate === undefined) {
    throw new DistillError('OPTION', `Optimizer ${optimizer.constructor.name} has no learning rate.`, {
      where: 'learning-rate',
      hint: 'Use one of tf.train, such as tf.train.adam(1e-3).',
    });
  }
  if (rated.learningRate === rate) return;
  if (rated.setLearningRate)
    rated.setLearningRate(rate); // SGD and momentum keep it as a tensor too
  else rated.learningRate = rate;
}

/** The optimizer of a step, for plugins that cannot do without. */
export function optimizerOf(
  { optimizer }: { readonly optimizer: Optimizer | undefined },
  where: string,
): Optimizer {
  if (optimizer !== undefined) return optimizer;
  throw new DistillError('ORDER', 'There is no optimizer to work on.', {
    where,
    hint: 'In a loop of your own give prepareCompression the `optimizer` that you use.',
  });
}

/**
 * Sets the learning rate at every step, `type: 'learning-rate'`.
 *
 * @example
 * learningRate({ rate: cosine({ from: 1e-3, to: 1e-5, warmUp: 0.05 }) });
 * learningRate({ rate: { type: 'step', from: 0.1, every: 30, factor: 0.1 } }); // as JSON
 */
export const learningRate = definePlugin({
  type: 'learning-rate',
  options: z.strictObject({
    /** At least 0: a number, or a schedule of them. */
    rate: knobSchema({ atLeast: 0 }),
  }),
  create: ({ rate }) => ({
    onStepBegin: (ctx) => setLearningRate(optimizerOf(ctx, 'learning-rate'), ctx.knob(rate, 'rate')),
  }),
});
