import { dispose, type Optimizer, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { type Batch } from './Batch.js';
import { type State, type StateValue } from './checkpoint/State.js';
import {
  type Logs,
  type LossContext,
  type LossTerm,
  type StepEndContext,
  type TrainEndContext,
  type EvalContext,
  type EpochEndContext,
} from './context.js';
import { type Criterion } from './criterion/Criterion.js';
import { EpochMeans } from './EpochMeans.js';
import { DistillError } from './errors.js';
import { type GuardState, type TraceEvent } from './hooks/guardTap.js';
import { LazyScalar } from './LazyScalar.js';
import { type Knob, type Progress, valueOf } from './Schedule.js';
import { shareTensor } from './shareTensor.js';
import { type ContextObserver } from './step/StepScope.js';
import { watchedContext } from './step/watchedContext.js';
import { type Student, type StudentOutputs } from './student/Student.js';
import { outputTensors, type TeacherOutputs, type TeacherSource } from './teacher/TeacherSource.js';

/** What `onTrainBegin` may be told of the training ahead. */
export interface TrainPlan {
  readonly epochs?: number;
  /** Known where the data set's size is; schedules then move within an epoch. */
  readonly stepsPerEpoch?: number;
  /** Whole number that dropout and noise follow from. Default 0. */
  readonly seed?: number;
  /** What else a resumed training must have in common with this one, e.g. `{ batchSize: 32 }`. */
  readonly facts?: Readonly<Record<string, StateValue>>;
}

/**
 * The state of one training run. One object of one shape serves every hook; the narrower context
 * interfaces show of it what exists at that point.
 */
export class Run
  implements LossContext, StepEndContext, EvalContext, EpochEndContext, TrainEndContext, GuardState
{
  /** What dropout, noise and the order of the data follow from. */
  seed = 0;
  /** How the data is drawn; a resumed run must draw it the same way. */
  facts: Readonly<Record<string, StateValue>> = {};
  complete = true;
  /** The manager's; see `EpochContext`. */
  capture: () => State = () => absent('capture', 'the hooks of a manager');
  epochs: number | undefined;
  stepsPerEpoch: number | undefined;
  epoch = -1;
  step = -1;
  globalStep = -1;
  stopReason: string | undefined;
  tracer: ((event: TraceEvent) => void) | undefined;
  observer: ContextObserver | undefined;
  history: Logs[] = [];
  metrics: Logs = {};
  logs: Logs = {};
  optimizer: Optimizer | undefined;
  criteria: readonly Criterion[] = [];
  parts: Record<string, LazyScalar> = {};
  terms: LossTerm[] = [];
  readonly means: EpochMeans;
  #batch: Batch | undefined;
  #loss: LazyScalar | undefined;
  #taskLoss: Scalar | undefined;
  #studentOutputs: StudentOutputs | undefined;
  #teacherOutputs: TeacherOutputs | undefined;

  constructor(
    readonly student: Student,
    readonly teacher: TeacherSource | undefined,
    stepsPerCall = 1,
  ) {
    this.means = new EpochMeans(stepsPerCall);
  }

  begin({ epochs, stepsPerEpoch, seed = 0, facts = {} }: TrainPlan): void {
    this.seed = seed;
    this.facts = facts;
    this.epochs = epochs;
    this.stepsPerEpoch = stepsPerEpoch;
    this.epoch = -1;
    this.globalStep = -1;
    this.stopReason = undefined;
    this.history = [];
    this.metrics = {};
  }

  beginEpoch(epoch: number): void {
    this.epoch = epoch;
    this.step = -1;
    this.logs = {};
    this.metrics = {};
    this.means.reset();
  }

  /** Closes the epoch's row of the history: mean losses, metrics, what was logged. */
  async endEpoch(facts: Logs = {}): Promise<void> {
    this.complete = this.stopReason === undefined;
    this.logs = { ...facts, ...(await this.means.read()), ...prefixed('val_', this.metrics), ...this.logs };
    this.history.push(this.logs);
  }

  beginStep(batch: Batch): void {
    this.#batch = batch;
    this.step += 1;
    this.globalStep += 1;
  }

  hear(outputs: TeacherOutputs | undefined): void {
    this.#teacherOutputs = outputs;
  }

  beginLoss(outputs: StudentOutputs, taskLoss: Scalar): void {
    this.#studentOutputs = outputs;
    this.#taskLoss = taskLoss;
    this.terms = [];
  }

  endLoss(loss: Scalar): void {
    this.#loss?.dispose();
    this.#loss = new LazyScalar(shareTensor(loss));
  }

  /** Takes over the losses of a step whose hooks were not called. */
  report({ loss, ...parts }: Readonly<Record<string, Scalar>>): void {
    this.#loss?.dispose();
    this.#loss = loss && new LazyScalar(loss);
    for (const [name, part] of Object.entries(parts)) this.parts[name] = new LazyScalar(part);
  }

  /** What hooks inside the step are given: the run itself, or a view of it that tells an observer of reads. */
  get inner(): Run {
    return this.observer ? watchedContext<Run>(this, this.observer) : this;
  }

  /** The teacher's outputs, if it has given any for this step. */
  get answers(): TeacherOutputs | undefined {
    return this.#teacherOutputs;
  }

  /** Frees what the step owned. Safe to call twice, and after an error at any point. */
  endStep(): void {
    this.#loss?.dispose();
    for (const part of Object.values(this.parts)) part.dispose();
    this.parts = {};
    this.terms = [];
    if (this.#teacherOutputs !== undefined) dispose(outputTensors(this.#teacherOutputs));
    this.#teacherOutputs = undefined;
    this.#studentOutputs = undefined;
    this.#taskLoss = undefined;
    this.#loss = undefined;
    this.#batch = undefined;
  }

  get position(): { epoch: number | undefined; step: number | undefined } {
    return { epoch: this.epoch < 0 ? undefined : this.epoch, step: this.step < 0 ? undefined : this.step };
  }

  get progress(): Progress {
    const { epoch, epochs, step, globalStep, stepsPerEpoch } = this;
    const within = stepsPerEpoch ? Math.max(step, 0) / stepsPerEpoch : 0;
    const fraction = epochs ? Math.min(1, (Math.max(epoch, 0) + within) / epochs) : 0;
    return { epoch, epochs, step, globalStep, fraction };
  }

  get batch(): Batch {
    return this.#batch ?? absent('batch', 'onStepBegin and onStepEnd');
  }

  get loss(): LazyScalar {
    return this.#loss ?? absent('loss', 'onAfterComputeLoss and onStepEnd');
  }

  get hasLoss(): boolean {
    return this.#loss !== undefined;
  }

  get taskLoss(): Scalar {
    return this.#taskLoss ?? absent('taskLoss', 'onAfterComputeLoss');
  }

  get studentOutputs(): StudentOutputs {
    return this.#studentOutputs ?? absent('studentOutputs', 'onAfterComputeLoss');
  }

  get teacherOutputs(): TeacherOutputs {
    if (this.#teacherOutputs === undefined && this.teacher === undefined) {
      throw new DistillError('OPTION', 'The criterion asks for a teacher and there is none.', {
        hint: 'Pass `teacher` to prepareCompression.',
      });
    }
    return this.#teacherOutputs ?? absent('teacherOutputs', 'onStepBegin and onStepEnd');
  }

  get labels(): Tensor {
    const { y } = this.batch;
    if (y === undefined) {
      throw new DistillError('DATA', 'The criterion asks for labels and the batch has none.', {
        hint: 'Give batches as { x, y }.',
      });
    }
    return y;
  }

  readonly knob = (knob: Knob, name?: string): number => valueOf(knob, this.progress, name);

  readonly record = (name: string, value: Scalar, weight?: number): void => {
    let unique = name;
    for (let n = 2; unique in this.parts; n++) unique = `${name}-${n}`;
    this.parts[unique] = new LazyScalar(shareTensor(value));
    if (weight !== undefined) this.terms.push({ name: unique, value, weight });
  };

  readonly hearing = <T>(teacher: string, compute: () => T): T => {
    const all = this.teacherOutputs;
    this.#teacherOutputs = { ...all, logits: all.features[teacher] as Tensor };
    try {
      return compute();
    } finally {
      this.#teacherOutputs = all;
    }
  };

  get steps(): number {
    return this.globalStep + 1;
  }

  readonly stop = (reason: string): void => {
    this.stopReason ??= reason;
  };

  readonly log = (name: string, value: number): void => {
    this.logs[name] = value;
  };
}

function prefixed(prefix: string, logs: Logs): Logs {
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [prefix + name, value]));
}

function absent(name: string, when: string): never {
  throw new DistillError('ORDER', `\`${name}\` exists only between ${when}.`);
}
