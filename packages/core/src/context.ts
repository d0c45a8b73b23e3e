import { type Optimizer, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { type Batch } from './Batch.js';
import { type State } from './checkpoint/State.js';
import { type Criterion } from './criterion/Criterion.js';
import { type LazyScalar } from './LazyScalar.js';
import { type Knob, type Progress } from './Schedule.js';
import { type Student, type StudentOutputs } from './student/Student.js';
import { type TeacherOutputs, type TeacherSource } from './teacher/TeacherSource.js';

/** Plain numbers of one epoch: mean loss terms, metrics, whatever was logged. */
export type Logs = Record<string, number>;

/** What a plugin sees in `onTrainBegin`; may be destructured. Each further context shows what exists by then, and no more. */
export interface TrainContext {
  readonly student: Student;
  readonly teacher: TeacherSource | undefined;
  /** Of all stages. */
  readonly criteria: readonly Criterion[];
  /** The manager's; `undefined` in a loop that keeps its own and gave none. */
  readonly optimizer: Optimizer | undefined;
  /** Planned epochs; `undefined` in a loop that did not say. */
  readonly epochs: number | undefined;
  /** Steps of an epoch; `undefined` where the data set does not say. */
  readonly stepsPerEpoch: number | undefined;
  /** Why training is about to end early, if somebody asked for it. */
  readonly stopReason: string | undefined;
  /** Ends training after the running step. `fit` obeys; an own loop reads `manager.stopReason`. */
  readonly stop: (reason: string) => void;
  /** Adds a number to this epoch's row of the history. */
  readonly log: (name: string, value: number) => void;
}

export interface EpochContext extends TrainContext {
  /** From 0. */
  readonly epoch: number;
  /** Everything that a resumed training needs, as it is now: weights, optimizer, history, what plugins keep. The caller frees it by `disposeState`. */
  readonly capture: () => State;
}

export interface StepContext extends EpochContext {
  /** Step within the epoch, from 0. */
  readonly step: number;
  /** Steps since training began, from 0. */
  readonly globalStep: number;
  /** Owned by the loop; dispose nothing of it. */
  readonly batch: Batch;
  readonly progress: Progress;
  /** What a number or schedule is worth at this step. */
  readonly knob: (knob: Knob, name?: string) => number;
}

/** A term of the loss as it enters the sum. */
export interface LossTerm {
  /** `task`, or the criterion's type. */
  readonly name: string;
  readonly value: Scalar;
  /** What the sum multiplies it by. */
  readonly weight: number;
}

/** Inside the gradient tape: everything a criterion may look at. All tensors belong to the step. */
export interface LossContext extends StepContext {
  readonly studentOutputs: StudentOutputs;
  /** Constants, computed before the tape. Throws if the manager has no teacher. */
  readonly teacherOutputs: TeacherOutputs;
  /** `batch.y`. Throws if the batch has no labels. */
  readonly labels: Tensor;
  /** The task's own loss, before any criterion. */
  readonly taskLoss: Scalar;
  /** What `compute` gives while `teacherOutputs.logits` are those of one teacher of several; see `ensemble`. */
  readonly hearing: <T>(teacher: string, compute: () => T) => T;
  /** The terms so far, with what they depend on: gradients can be taken of each. */
  readonly terms: readonly LossTerm[];
  /** Puts a loss term into reports, under a name; `weight` says that it is part of the loss. The caller keeps the tensor. */
  readonly record: (name: string, value: Scalar, weight?: number) => void;
}

/** Gradients exist; they came as the hook's first argument. */
export type GradientContext = StepContext;

export interface StepEndContext extends StepContext {
  /** The minimized loss. */
  readonly loss: LazyScalar;
  /** `task`, then each criterion's term by type, unweighted. */
  readonly parts: Readonly<Record<string, LazyScalar>>;
}

export interface EvalContext extends EpochContext {
  /** What the evaluation found. */
  readonly metrics: Logs;
}

export interface EpochEndContext extends EpochContext {
  /** Mean of `loss` and of each part over the epoch's steps, then the metrics and what was logged. */
  readonly logs: Logs;
  /** False if training was stopped within the epoch. */
  readonly complete: boolean;
  /** Steps since training began. */
  readonly steps: number;
}

export interface TrainEndContext extends TrainContext {
  /** One row an epoch. */
  readonly history: readonly Logs[];
}
