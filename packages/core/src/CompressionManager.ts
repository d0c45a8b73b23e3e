import { type Optimizer, type Variable } from '@tensorflow/tfjs-core';
import { type Batch } from './Batch.js';
import { type Logs } from './context.js';
import { shareState } from './checkpoint/mapState.js';
import { type State } from './checkpoint/State.js';
import {
  type Position,
  positionOf,
  restoreTraining,
  type TrainingParts,
  trainingState,
} from './checkpoint/trainingState.js';
import { type Criterion } from './criterion/Criterion.js';
import { disposeAll } from './disposeAll.js';
import { type TraceEvent } from './hooks/guardTap.js';
import { type Plugin } from './hooks/Plugin.js';
import { PluginHost } from './hooks/PluginHost.js';
import { Lifecycle, type LifecycleParts } from './Lifecycle.js';
import { type BatchOptions } from './loop/batches.js';
import { type Data } from './loop/Data.js';
import { evaluate, type EvaluateOptions } from './loop/evaluate.js';
import { fit, type FitOptions, type History } from './loop/fit.js';
import { RunScope } from './step/RunScope.js';
import { type StepReport, type StepRunner } from './step/StepRunner.js';
import { type StepScope } from './step/StepScope.js';
import { type Student } from './student/Student.js';
import { type TaskLoss } from './taskLoss.js';
import { type TeacherOutputs, type TeacherSource } from './teacher/TeacherSource.js';

/** What a manager is made of. The composition root fills it in. */
export interface ManagerParts extends LifecycleParts {
  readonly taskLoss: TaskLoss;
  readonly stepRunner: StepRunner;
  readonly plugins: readonly Plugin[];
}

/**
 * Distils a teacher into a student, at one of three altitudes that fire the same hooks:
 * `fit` runs the whole training, `trainStep` one step, and the `on…` methods go around the steps
 * of a loop that you keep.
 *
 * @example
 * const manager = prepareCompression(student, { teacher, criterion: knowledgeDistillation() });
 * const { history } = await manager.fit({ x, y }, { epochs: 3 });
 */
export class CompressionManager extends Lifecycle {
  readonly #parts: ManagerParts;
  readonly #host: PluginHost;
  readonly #scope: StepScope;

  constructor(parts: ManagerParts) {
    super(parts);
    this.#parts = parts;
    this.#host = new PluginHost(this.hooks);
    this.#scope = new RunScope(this.run, this.hooks, () => this.runningStage.criteria);
    this.run.capture = () => this.capture();
    for (const plugin of parts.plugins) this.use(plugin);
  }

  /** The student, as the manager runs it: `forward(x, { training })` gives output and tapped features. */
  get model(): Student {
    return this.run.student;
  }

  get teacher(): TeacherSource | undefined {
    return this.#parts.teacher;
  }

  /** Criteria of all stages, those of the running one and the others. */
  get criteria(): readonly Criterion[] {
    return this.stages.criteria;
  }

  /** What the running stage trains: the student's variables and its criteria's adapters. Read it before each step. */
  get variables(): Variable[] {
    return [...this.runningStage.variables];
  }

  /** The running stage's optimizer, for `fit` and `trainStep`. */
  get optimizer(): Optimizer {
    return this.stages.optimizerAt(this.run.epoch);
  }

  /** Place of the running stage, from 0; it follows from the epoch alone. */
  get stage(): number {
    return this.stages.indexAt(this.run.epoch);
  }

  /** Epochs that the stages last together; `undefined` where nobody said. */
  get stageEpochs(): number | undefined {
    return this.stages.epochs;
  }

  /** How the steps ran so far: compiled or eager, and why not compiled; `undefined` where all are eager. */
  get stepReport(): StepReport | undefined {
    return this.#parts.stepRunner.report;
  }

  /** Why a plugin asked to stop, or `undefined`. A loop of your own looks at it after each step. */
  get stopReason(): string | undefined {
    return this.run.stopReason;
  }

  /** Asks the training to end after the running step. */
  stop(reason: string): void {
    this.run.stop(reason);
  }

  /** Names of the student's layers whose outputs the running stage's criteria want. */
  get taps(): readonly string[] {
    return this.runningStage.taps.student;
  }

  /**
   * Adds a plugin.
   *
   * @returns Undo: takes the plugin out and disposes it. Calling it twice is fine.
   * @throws DistillError if the name is taken or an `on…` key is no hook.
   */
  use(plugin: Plugin): () => void {
    return this.#host.use(plugin);
  }

  /** What the plugins leave of a data set for this process to train on: all of it, unless several train together. */
  partOf(data: Data, options: BatchOptions = {}): Data {
    return this.#host.plugins.reduce((rest, plugin) => plugin.part?.(rest, options) ?? rest, data);
  }

  /** Reports every hook call: whose, when, how long, how many tensors it left. Returns the undo. */
  trace(listener: (event: TraceEvent) => void): () => void {
    this.run.tracer = listener;
    return () => {
      if (this.run.tracer === listener) this.run.tracer = undefined;
    };
  }

  /** Trains over a data set; see `FitOptions`. */
  fit(data: Data, options: FitOptions = {}): Promise<History> {
    return fit(this, data, options);
  }

  /** Loss and accuracy of the student on a data set. */
  evaluate(data: Data, options: EvaluateOptions = {}): Promise<Logs> {
    return evaluate(this.#parts.student, this.#parts.taskLoss, data, options);
  }

  /**
   * One whole step: teacher, forward, loss, gradients, update, with every hook.
   * Begins the training and the epoch if you have not.
   *
   * @param batch Stays yours.
   */
  async trainStep(batch: Batch): Promise<void> {
    const { taskLoss, stepRunner } = this.#parts;
    const inside = stepRunner.asksTeacher === true && this.teacher?.immediate === true;
    await (inside ? this.beginStep(batch) : this.onStepBegin(batch));
    await this.reporting(() => {
      const { taps, variables, optimizer, model: student } = this;
      const askTeacher = () => this.run.hear(this.answersTo(batch) as TeacherOutputs);
      const work = { student, batch, taps, variables, optimizer, taskLoss, hooks: this, scope: this.#scope };
      return stepRunner.run(inside ? { ...work, askTeacher } : work);
    });
    await this.onStepEnd();
  }

  /** Fires the hooks around an evaluation; its metrics go into the epoch's logs. */
  async evaluateEpoch(data: Data, options: EvaluateOptions = {}): Promise<Logs> {
    this.phase.expect('evaluateEpoch', 'epoch');
    const run = this.run;
    await this.reporting(async () => {
      await this.hooks.onBeforeEval.promise(run);
      run.metrics = await this.evaluate(data, options);
      await this.hooks.onAfterEval.promise(run);
    });
    return run.metrics;
  }

  /**
   * Everything that a resumed training needs, as it is now, between steps: weights, adapters, optimizers, history, what
   * plugins keep. Costs no copy.
   *
   * @returns Belongs to the caller, who frees it by `disposeState`.
   */
  capture(): State {
    return shareState(trainingState(this.#training, !this.phase.is('epoch')));
  }

  /**
   * Goes on where a state was taken. Call it after `onTrainBegin`; `fit({ resume })` does it all.
   *
   * @param state Stays yours.
   * @returns Where to go on: `step` steps of epoch `epoch` are done; if any, that epoch has begun already.
   * @throws DistillError if the state is of another training.
   */
  async resume(state: State): Promise<Position> {
    this.phase.expect('resume', 'train');
    const position = positionOf(state);
    if (position.step > 0) await this.onEpochBegin(position.epoch);
    await this.reporting(() => restoreTraining(this.#training, state));
    return position;
  }

  get #training(): TrainingParts {
    const { run, criteria, stages } = this;
    return { run, criteria, stages: stages.all, plugins: this.#host.plugins };
  }

  /** Frees what the manager made and took over: plugins, criteria, optimizer. Not student, teacher or data. */
  dispose(): void {
    this.run.endStep();
    this.run.means.reset();
    disposeAll([
      ...this.#host.undoAll(),
      ...this.criteria.map((criterion) => () => criterion.dispose?.()),
      () => this.#parts.stepRunner.dispose?.(),
      ...this.stages.disposals,
    ]);
  }
}
