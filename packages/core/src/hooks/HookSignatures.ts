import { type NamedTensorMap, type Scalar } from '@tensorflow/tfjs-core';
import {
  type EpochContext,
  type EpochEndContext,
  type EvalContext,
  type GradientContext,
  type LossContext,
  type StepContext,
  type StepEndContext,
  type TrainContext,
  type TrainEndContext,
} from '../context.js';

export type MaybePromise<T> = T | Promise<T>;

/**
 * Every hook, in the order of a training run. The one source of truth: kinds, plugin type and
 * documentation derive from it.
 *
 * ```
 * onTrainBegin
 *   onEpochBegin
 *     onStepBegin                       then the teacher's outputs are fetched, outside the tape
 *       tape: student forward, task loss
 *             loss = onAfterComputeLoss(loss)            the injected criterion is the first tap
 *       gradients of the student's and the adapters' variables
 *       grads = onBeforeOptimizerStep(grads)
 *       optimizer step
 *       onAfterOptimizerStep
 *     onStepEnd
 *     [onBeforeEval · evaluate · onAfterEval]
 *   onEpochEnd
 * onTrainEnd                            onError whenever something throws; then the error goes on
 * ```
 */
export interface HookSignatures {
  /** Once, before anything else. May load files. @kind async series */
  onTrainBegin(ctx: TrainContext): MaybePromise<void>;
  /** Before the first batch of an epoch is drawn. @kind async series */
  onEpochBegin(ctx: EpochContext): MaybePromise<void>;
  /** The batch is there; teacher outputs are fetched next. @kind async series */
  onStepBegin(ctx: StepContext): MaybePromise<void>;
  /**
   * Inside the gradient tape, once a step. Return a new loss to replace it, or nothing to leave it.
   * Tensors made here are freed by the step. @kind sync waterfall
   */
  onAfterComputeLoss(loss: Scalar, ctx: LossContext): Scalar | void;
  /**
   * Gradients by variable name; outside the tape, inside the step's `tidy`. Return a new map to
   * replace them, an empty one to leave the weights alone in this step, or nothing. @kind sync waterfall
   */
  onBeforeOptimizerStep(grads: NamedTensorMap, ctx: GradientContext): NamedTensorMap | void;
  /** The weights have just moved; still inside the step's `tidy`. @kind sync */
  onAfterOptimizerStep(ctx: StepContext): void;
  /** Losses are there as lazy scalars: they cost nothing unless read. @kind async series */
  onStepEnd(ctx: StepEndContext): MaybePromise<void>;
  /** Before each evaluation that is part of training. @kind async series */
  onBeforeEval(ctx: EpochContext): MaybePromise<void>;
  /** After it, with its metrics. @kind async series */
  onAfterEval(ctx: EvalContext): MaybePromise<void>;
  /** The epoch's mean losses and metrics are there. @kind async series */
  onEpochEnd(ctx: EpochEndContext): MaybePromise<void>;
  /** Once, after the last epoch or an early stop; not after an error. @kind async series */
  onTrainEnd(ctx: TrainEndContext): MaybePromise<void>;
  /** Something threw. Observe, save what can be saved; the error goes on. @kind async series */
  onError(error: unknown, ctx: TrainContext): MaybePromise<void>;
}

export type HookName = keyof HookSignatures;
export type HookKind = 'series' | 'waterfall' | 'sync';

/** Composition rule of each hook; a hook left out is a compile error. */
export const HOOK_KINDS = {
  onTrainBegin: 'series',
  onEpochBegin: 'series',
  onStepBegin: 'series',
  onAfterComputeLoss: 'waterfall',
  onBeforeOptimizerStep: 'waterfall',
  onAfterOptimizerStep: 'sync',
  onStepEnd: 'series',
  onBeforeEval: 'series',
  onAfterEval: 'series',
  onEpochEnd: 'series',
  onTrainEnd: 'series',
  onError: 'series',
} as const satisfies Record<HookName, HookKind>;

export const HOOK_NAMES = Object.keys(HOOK_KINDS) as HookName[];
