import {
  createHooks,
  DistillError,
  HOOK_KINDS,
  HOOK_NAMES,
  HookError,
  type TraceEvent,
} from '@tfjs-distill/core';
import { type Scalar, scalar } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

type State = Parameters<typeof createHooks>[0];
const state = (): State => ({ position: { epoch: 2, step: 7 }, tracer: undefined });
const ctx = {} as never;

// left to themselves hooks are compiled, except where code from strings is forbidden, as in one run of this file
describe.each([
  ['as they choose', {}],
  ['interpreted', { jitless: true }],
])('hooks, %s', (_, options) => {
  const create = (given = state()) => createHooks(given, options);

  it('follow the table: one hook per signature', () => {
    const hooks = create();
    expect(Object.keys(hooks)).toEqual(HOOK_NAMES);
    expect(Object.keys(HOOK_KINDS)).toHaveLength(12);
  });

  it('await an async function given to tap, in order', async () => {
    const hooks = create();
    const seen: string[] = [];
    const slow = async (): Promise<unknown> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return seen.push('slow');
    };
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- what users do, and tapable alone drops
    hooks.onTrainBegin.tap('slow', slow);
    hooks.onTrainBegin.tapPromise('fast', async () => void seen.push('fast'));
    hooks.onTrainBegin.tapAsync('callback', (_ctx, done) => {
      seen.push('callback');
      done();
    });
    await hooks.onTrainBegin.promise(ctx);
    expect(seen).toEqual(['slow', 'fast', 'callback']);
  });

  it('settle when a tapPromise function behind an async tap throws synchronously', async () => {
    const hooks = create();
    hooks.onStepEnd.tapPromise('first', async () => Promise.resolve());
    hooks.onStepEnd.tapPromise('broken', () => {
      throw new RangeError('boom');
    });
    await expect(hooks.onStepEnd.promise(ctx)).rejects.toThrow(
      'onStepEnd of plugin "broken" (epoch 2, step 7) threw: boom',
    );
  });

  it('reject when a callback tap reports an error', async () => {
    const hooks = create();
    hooks.onEpochEnd.tapAsync('broken', (_ctx, done) => done(new Error('disk full')));
    await expect(hooks.onEpochEnd.promise(ctx)).rejects.toThrow('onEpochEnd of plugin "broken"');
  });

  it('attribute a throw in a synchronous hook, and keep its cause and code', () => {
    const hooks = create();
    const cause = new DistillError('SHAPE', 'no fit');
    hooks.onAfterOptimizerStep.tap('ema', () => {
      throw cause;
    });
    try {
      hooks.onAfterOptimizerStep.call(ctx);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(HookError);
      expect(error).toMatchObject({
        hook: 'onAfterOptimizerStep',
        plugin: 'ema',
        epoch: 2,
        step: 7,
        code: 'SHAPE',
        cause,
      });
    }
  });

  it.each([undefined, null])('keep the incoming loss when a tap returns %s', (nothing) => {
    const hooks = create();
    const loss = scalar(1);
    hooks.onAfterComputeLoss.tap('looks', () => nothing as never);
    expect(hooks.onAfterComputeLoss.call(loss, ctx)).toBe(loss);
  });

  it('hand the loss from tap to tap', () => {
    const hooks = create();
    const [a, b, c] = [scalar(1), scalar(2), scalar(3)];
    const seen: unknown[] = [];
    hooks.onAfterComputeLoss.tap('first', (loss) => {
      seen.push(loss);
      return b;
    });
    hooks.onAfterComputeLoss.tap('second', (loss) => {
      seen.push(loss);
      return c;
    });
    expect(hooks.onAfterComputeLoss.call(a, ctx)).toBe(c);
    expect(seen).toEqual([a, b]);
  });

  it('refuse a promise in a synchronous hook and say why', () => {
    const hooks = create();
    hooks.onAfterComputeLoss.tap('async', (async () => scalar(1)) as unknown as () => Scalar);
    expect(() => hooks.onAfterComputeLoss.call(scalar(0), ctx)).toThrow(
      'This hook is synchronous and got a promise. It runs inside the step',
    );
  });

  it('order taps by stage, whatever the order of registration', () => {
    const hooks = create();
    const seen: string[] = [];
    hooks.onAfterOptimizerStep.tap({ name: 'post', stage: 100 }, () => void seen.push('post'));
    hooks.onAfterOptimizerStep.tap('normal', () => void seen.push('normal'));
    hooks.onAfterOptimizerStep.tap({ name: 'pre', stage: -100 }, () => void seen.push('pre'));
    hooks.onAfterOptimizerStep.call(ctx);
    expect(seen).toEqual(['pre', 'normal', 'post']);
  });

  it('do nothing without taps', async () => {
    const hooks = create();
    await expect(hooks.onTrainEnd.promise(ctx)).resolves.toBeUndefined();
    const loss = scalar(1);
    expect(hooks.onAfterComputeLoss.call(loss, ctx)).toBe(loss);
  });

  it('trace each call with plugin, place, time and tensors left behind', async () => {
    const events: TraceEvent[] = [];
    const traced = { ...state(), tracer: (event: TraceEvent) => void events.push(event) };
    const hooks = create(traced);
    hooks.onStepEnd.tapPromise('leaky', async () => {
      scalar(1);
    });
    await hooks.onStepEnd.promise(ctx);
    expect(events).toEqual([
      { hook: 'onStepEnd', plugin: 'leaky', epoch: 2, step: 7, ms: expect.any(Number) as number, tensors: 1 },
    ]);
  });
});
