import { type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { type Criterion } from '../criterion/Criterion.js';
import { type HookName } from '../hooks/HookSignatures.js';
import { type Knob, type Progress } from '../Schedule.js';
import { type TeacherOutputs } from '../teacher/TeacherSource.js';

/** Somebody who listens inside the step, and what is known of it; see `Plugin.traceable`. */
export interface StepListener {
  readonly name: string;
  readonly traceable: boolean | undefined;
}

/** The hooks that run inside a step. */
export type InnerHook = Extract<
  HookName,
  'onAfterComputeLoss' | 'onBeforeOptimizerStep' | 'onAfterOptimizerStep'
>;

/** A hook of one plugin, to be called inside the step. */
export interface InnerCall {
  readonly hook: InnerHook;
  readonly plugin: string;
}

/** Told what criteria and hooks inside the step read of their context, and who must not be recorded. */
export interface ContextObserver {
  /** A number or schedule was asked for. */
  knob(knob: Knob): void;
  /** Something that changes from step to step was read or called, e.g. `globalStep` or `batch.ids`. */
  read(name: string): void;
  /** Calls a plugin that is declared not traceable; `value` is what it is given. */
  untraced<T>(call: InnerCall, value: unknown, body: () => T): T;
}

/** What a step depends on beside the batch, and what it leaves behind beside the weights. */
export interface StepScope {
  readonly progress: Progress;
  /** The teacher's outputs for the batch, if there is a teacher. */
  readonly answers: TeacherOutputs | undefined;
  /** What the random numbers of this step follow from. */
  readonly seed: number;
  /** Gives the step a teacher's outputs where nobody asked the teacher. Takes the tensors over. */
  hear(outputs: TeacherOutputs): void;
  readonly criteria: readonly Criterion[];
  readonly listeners: readonly StepListener[];
  /** The losses that the step has reported: `loss` is the minimized one. */
  readonly losses: Readonly<Record<string, Tensor>>;
  /** Reports losses where no hook was called to do it. Takes the tensors over. */
  report(losses: Readonly<Record<string, Scalar>>): void;
  /** Runs `body`; meanwhile the observer hears what the context is asked for. */
  observe(observer: ContextObserver, body: () => void): void;
  /** Calls one plugin's hook. @returns The value as the hook leaves it. */
  call<T>(call: InnerCall, value: T): T;
  /** Calls the hook of all that come after that plugin. */
  callRest<T>(call: InnerCall, value: T): T;
}
