import { type FullTap } from 'tapable';
import { type HookKind } from './HookSignatures.js';

type Handler = (...args: unknown[]) => unknown;

/** What tapable hands to `compile`. */
interface CompileOptions {
  readonly taps: readonly FullTap[];
}

/**
 * Lets a tapable hook call its taps by a plain loop. tapable writes a function per hook with
 * `new Function`, which a strict content security policy forbids, even for a hook without taps.
 * The guard has already made every tap a promise (series) or synchronous (the others).
 */
export function interpretHook(hook: object, kind: HookKind): void {
  const compile = ({ taps }: CompileOptions) => INTERPRETERS[kind](taps.map((tap) => tap.fn as Handler));
  Object.assign(hook, { compile });
}

const INTERPRETERS: Readonly<Record<HookKind, (handlers: readonly Handler[]) => Handler>> = {
  series:
    (handlers) =>
    async (...args) => {
      for (const handler of handlers) await handler(...args);
    },
  waterfall:
    (handlers) =>
    (value, ...rest) =>
      handlers.reduce((current, handler) => handler(current, ...rest), value),
  sync:
    (handlers) =>
    (...args) => {
      for (const handler of handlers) handler(...args);
    },
};

/** Whether code generation from strings is blocked here. */
export function evalIsForbidden(): boolean {
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- whether it is allowed is the question
    new Function('');
    return false;
  } catch {
    return true;
  }
}
