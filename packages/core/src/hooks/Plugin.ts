import { type TrainContext } from '../context.js';
import { type State } from '../checkpoint/State.js';
import { type BatchOptions } from '../loop/batches.js';
import { type Data } from '../loop/Data.js';
import { didYouMean, expected, DistillError } from '../errors.js';
import { HOOK_NAMES, type HookName, type HookSignatures } from './HookSignatures.js';

/** When a tap runs among the taps of its hook. Observers see what the others made of it; last
 * comes who keeps what all of them have noted. */
export type HookOrder = 'pre' | 'normal' | 'post' | 'observer' | 'last';

/** Stages for tapable. Never its `before`: an unknown name there jumps the whole queue. */
export const STAGES: Readonly<Record<HookOrder, number>> = {
  pre: -100,
  normal: 0,
  post: 100,
  observer: 1000,
  last: 10_000,
};

/** A hook with its place in the order. */
export interface OrderedHook<Handler> {
  readonly order?: HookOrder;
  readonly handler: Handler;
}

/**
 * A guest of the training loop: a plain object with a name and the hooks it listens to.
 *
 * @example
 * const halve: Plugin = { name: 'halve', onAfterComputeLoss: (loss) => mul(loss, 0.5) };
 * const off = manager.use(halve); // off() takes it out again
 */
export type Plugin = {
  /** Unique within a manager: errors and traces are attributed by it. */
  readonly name: string;
  /**
   * What a compiled step may do with the hooks inside the step (`onAfterComputeLoss`,
   * `onBeforeOptimizerStep`, `onAfterOptimizerStep`). `true`: they are pure functions of tensors and
   * knobs, without a branch on a knob, so the graph stands for them and they are not called again.
   * `false`: they look at values or keep tensors, so they are called between two graphs, with real tensors.
   * Default: they are called at every step, and their operations run in the graph.
   */
  readonly traceable?: boolean;
  /**
   * What this process trains on of the data given to `fit`, where several processes train together. `options` are those
   * by which `fit` draws batches.
   */
  part?(data: Data, options: BatchOptions): Data;
  /** Frees what the plugin owns; called once, by `manager.dispose()` or the undo of `use`. */
  dispose?(): void;
  /** What a resumed run must give back to the plugin. Tensors in it stay the plugin's. Read after a step or an epoch. */
  state?(): State;
  /** Puts a state back; called after `onTrainBegin`. Tensors in it are not the plugin's: it keeps copies. */
  restore?(state: State, ctx: TrainContext): void;
} & { readonly [K in HookName]?: HookSignatures[K] | OrderedHook<HookSignatures[K]> };

/** The hooks that a plugin listens to, checked: an `on…` key that is no hook is an error with the nearest name. */
export function pluginHooks(plugin: Plugin): [HookName, OrderedHook<(...args: never[]) => unknown>][] {
  if (typeof plugin.name !== 'string' || plugin.name.trim() === '') {
    throw expected('plugin.name', 'a name', plugin.name, { where: 'use' });
  }
  const hooks: [HookName, OrderedHook<(...args: never[]) => unknown>][] = [];
  for (const [key, value] of Object.entries(plugin)) {
    if (!isHookName(key)) {
      if (/^on[A-Z]/.test(key)) throw noSuchHook(plugin.name, key);
      continue;
    }
    if (value !== undefined) hooks.push([key, asOrdered(plugin.name, key, value)]);
  }
  return hooks;
}

function asOrdered(
  plugin: string,
  hook: HookName,
  value: unknown,
): OrderedHook<(...args: never[]) => unknown> {
  const ordered = typeof value === 'function' ? { handler: value } : (value as OrderedHook<unknown>);
  if (typeof ordered.handler !== 'function' || !((ordered.order ?? 'normal') in STAGES)) {
    throw expected(hook, 'a function or { order, handler }', value, { where: `plugin "${plugin}"` });
  }
  return ordered as OrderedHook<(...args: never[]) => unknown>;
}

function isHookName(key: string): key is HookName {
  return (HOOK_NAMES as string[]).includes(key);
}

function noSuchHook(plugin: string, key: string): DistillError {
  const hint = didYouMean(key, HOOK_NAMES) ?? `Hooks: ${HOOK_NAMES.join(', ')}.`;
  return new DistillError('OPTION', `Plugin "${plugin}" has "${key}", which is no hook.`, { hint });
}
