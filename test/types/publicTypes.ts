/** What must and must not compile. `tsc -b` is the test: an error that does not come is an error here. */
import { type Scalar } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  HOOK_KINDS,
  type HookKind,
  type HookName,
  type Hooks,
  type Plugin,
  prepareCompression,
} from '@tfjs-distill/core';
import { knowledgeDistillation } from '@tfjs-distill/losses';

declare const student: LayersModel;
declare const teacher: LayersModel;
declare const hooks: Hooks;
declare const loss: Scalar;

/** Every hook has a kind, and there is no kind without a hook. */
export const kinds: Record<HookName, HookKind> = HOOK_KINDS;

export const observer: Plugin = {
  name: 'observer',
  onStepEnd: async ({ loss: step }) => void (await step.value()),
};

export const ordered: Plugin = {
  name: 'ordered',
  onAfterComputeLoss: { order: 'post', handler: (value) => value },
};

export const wrong: Plugin[] = [
  // @ts-expect-error a plugin needs a name
  { onStepEnd: () => undefined },
  // @ts-expect-error the hook runs inside the tape: no promise
  { name: 'async', onAfterComputeLoss: (value) => Promise.resolve(value) },
  // @ts-expect-error losses do not exist before the step
  { name: 'early', onStepBegin: (ctx) => void ctx.loss },
  // @ts-expect-error no such order
  { name: 'order', onStepEnd: { order: 'first', handler: () => undefined } },
];

/** A series hook is awaited: it has no `call`. */
export const awaited: 'call' extends keyof Hooks['onStepEnd'] ? false : true = true;

export function calls(): void {
  // @ts-expect-error a waterfall hands on a loss
  hooks.onAfterComputeLoss.tap('name', () => 'loss');
  hooks.onAfterComputeLoss.tap('name', () => loss);
  // @ts-expect-error no such option
  knowledgeDistillation({ temprature: 3 });
  // @ts-expect-error a stage has an end
  prepareCompression(student, { teacher, stages: [{ criterion: knowledgeDistillation() }] });
  prepareCompression(student, { teacher, criterion: (t, s) => (t === s ? loss : loss) });
}
