import { memory } from '@tensorflow/tfjs-core';
import { type FullTap } from 'tapable';
import { DistillError, HookError, messageOf } from '../errors.js';
import { type ContextObserver, type InnerHook } from '../step/StepScope.js';
import { type HookKind, type HookName } from './HookSignatures.js';

/** One call of one plugin's hook, as `manager.trace` reports it. */
export interface TraceEvent {
  readonly hook: HookName;
  readonly plugin: string;
  readonly epoch: number | undefined;
  readonly step: number | undefined;
  /** Wall time in milliseconds. */
  readonly ms: number;
  /** Tensors that exist after the call and did not before; a positive sum over steps is a leak. */
  readonly tensors: number;
}

/** What the guard asks the run: where we are, and who listens. */
export interface GuardState {
  readonly position: { readonly epoch?: number | undefined; readonly step?: number | undefined };
  readonly tracer: ((event: TraceEvent) => void) | undefined;
  /** Whoever records the step under way. */
  readonly observer?: ContextObserver | undefined;
}

type Handler = (...args: unknown[]) => unknown;

/**
 * Makes one tap safe, whoever registered it: awaited if it should be, attributed if it throws.
 *
 * tapable alone neither awaits an async function given to `tap`, nor settles if a function given
 * to `tapPromise` throws synchronously, nor says whose tap threw.
 */
export function guardTap(hook: HookName, kind: HookKind, tap: FullTap, state: GuardState): FullTap {
  const handler = tap.type === 'async' ? promised(tap.fn as Handler) : (tap.fn as Handler);
  const attributed = (error: unknown) => {
    if (error instanceof HookError) return error;
    return new HookError(hook, tap.name, state.position.epoch, state.position.step, error);
  };
  const called = timed(hook, tap.name, handler, state);
  const traced = kind === 'series' ? called : unrecorded(hook, tap, called, state);
  if (kind === 'series') {
    const fn = async (...args: unknown[]) => {
      try {
        await traced(...args);
      } catch (error) {
        throw attributed(error);
      }
    };
    return { ...tap, type: 'promise', fn };
  }
  const fn = (...args: unknown[]) => {
    try {
      const result = traced(...args);
      if (isThenable(result)) throw mustBeSync();
      return kind === 'waterfall' ? (result ?? args[0]) : undefined;
    } catch (error) {
      throw attributed(error);
    }
  };
  return { ...tap, type: 'sync', fn };
}

function timed(hook: HookName, plugin: string, handler: Handler, state: GuardState): Handler {
  return (...args) => {
    const { tracer, position } = state;
    if (tracer === undefined) return handler(...args);
    const tensors = memory().numTensors;
    const start = performance.now();
    const emit = () =>
      tracer({
        hook,
        plugin,
        epoch: position.epoch,
        step: position.step,
        ms: performance.now() - start,
        tensors: memory().numTensors - tensors,
      });
    const result = handler(...args);
    if (!isThenable(result)) {
      emit();
      return result;
    }
    return Promise.resolve(result).finally(emit);
  };
}

/** Steps out of what records the step, where the plugin is declared not traceable. */
function unrecorded(hook: HookName, tap: FullTap, handler: Handler, state: GuardState): Handler {
  const { name: plugin, traceable } = tap as FullTap & { readonly traceable?: boolean };
  if (traceable !== false) return handler;
  const call = { hook: hook as InnerHook, plugin };
  return (...args) => {
    const { observer } = state;
    return observer ? observer.untraced(call, args[0], () => handler(...args)) : handler(...args);
  };
}

/** A node-style callback tap as a promise. */
function promised(fn: Handler): Handler {
  return (...args) =>
    new Promise((resolve, reject) => {
      fn(...args, (error: unknown, result: unknown) =>
        error ? reject(error instanceof Error ? error : new Error(messageOf(error))) : resolve(result),
      );
    });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}

function mustBeSync(): DistillError {
  return new DistillError('HOOK', 'This hook is synchronous and got a promise.', {
    hint: 'It runs inside the step; do asynchronous work in onStepBegin or onStepEnd.',
  });
}
