import { AsyncSeriesHook, type FullTap, type Hook, SyncHook, SyncWaterfallHook } from 'tapable';
import { guardTap, type GuardState } from './guardTap.js';
import {
  HOOK_KINDS,
  HOOK_NAMES,
  type HookKind,
  type HookName,
  type HookSignatures,
} from './HookSignatures.js';
import { evalIsForbidden, interpretHook } from './interpretHook.js';

type Arguments<K extends HookName> = Parameters<HookSignatures[K]>;
type HookClasses<K extends HookName> = {
  series: AsyncSeriesHook<Arguments<K>>;
  waterfall: SyncWaterfallHook<Arguments<K>, Arguments<K>[0]>;
  sync: SyncHook<Arguments<K>>;
};

/** The hooks of one manager, one tapable object each; all taps are guarded. */
export type Hooks = { readonly [K in HookName]: HookClasses<K>[(typeof HOOK_KINDS)[K]] };

export interface CreateHooksOptions {
  /** Call taps by a loop and not by generated code. Default: where `new Function` is forbidden (CSP). */
  readonly jitless?: boolean | undefined;
}

type HookClass = new (args: string[], name: string) => Hook<unknown[], unknown>;
const CLASSES = {
  series: AsyncSeriesHook,
  waterfall: SyncWaterfallHook,
  sync: SyncHook,
} as unknown as Readonly<Record<HookKind, HookClass>>;

/** Builds the hooks from the table of signatures. */
export function createHooks(
  state: GuardState,
  { jitless = evalIsForbidden() }: CreateHooksOptions = {},
): Hooks {
  const make = (name: HookName) => {
    const kind: HookKind = HOOK_KINDS[name];
    const hook = new CLASSES[kind](
      name === 'onError' || kind === 'waterfall' ? ['value', 'ctx'] : ['ctx'],
      name,
    );
    if (jitless) interpretHook(hook, kind);
    hook.intercept({ register: (tap: FullTap) => guardTap(name, kind, tap, state) });
    return hook;
  };
  return Object.fromEntries(HOOK_NAMES.map((name) => [name, make(name)])) as unknown as Hooks;
}
