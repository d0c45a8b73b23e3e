import {
  type NamedTensorMap,
  type Optimizer,
  type Scalar,
  type Tensor,
  type Variable,
  train,
} from '@tensorflow/tfjs-core';
import { type Batch, batchSize, type Inputs, isTensor } from './Batch.js';
import { type Logs } from './context.js';
import { checkStep } from './checks.js';
import { combineLosses } from './criterion/combineLosses.js';
import { type Criterion } from './criterion/Criterion.js';
import { messageOf } from './errors.js';
import { createHooks, type Hooks } from './hooks/createHooks.js';
import { type TraceEvent } from './hooks/guardTap.js';
import { type Plugin } from './hooks/Plugin.js';
import { PluginHost } from './hooks/PluginHost.js';
import { type Data } from './loop/Data.js';
import { evaluate, type EvaluateOptions } from './loop/evaluate.js';
import { fit, type FitOptions, type History } from './loop/fit.js';
import { checkInput } from './models/checkInput.js';
import { Phase } from './Phase.js';
import { Run, type TrainPlan } from './Run.js';
import { releaseTape } from './step/releaseTape.js';
import { type StepRunner } from './step/StepRunner.js';
import { type Student, type StudentOutputs } from './student/Student.js';
import { type TaskLoss } from './taskLoss.js';
import { type TeacherSource } from './teacher/TeacherSource.js';

/** What a manager is made of. The composition root fills it in. */
export interface ManagerParts {
  readonly student: Student;
  readonly teacher: TeacherSource | undefined;
  readonly criteria: readonly Criterion[];
  readonly taskLoss: TaskLoss;
  /** Default Adam at 1e-3, made when first needed. The manager takes it over. */
  readonly optimizer: Optimizer | undefined;
  readonly stepRunner: StepRunner;
  readonly plugins: readonly Plugin[];
  readonly jitless?: boolean | undefined;
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
export class CompressionManager {
  /** The hooks as tapable objects, for those who would rather tap than write a plugin. */
  readonly hooks: Hooks;
  readonly #parts: ManagerParts;
  readonly #run: Run;
  readonly #phase = new Phase();
  readonly #taps: { readonly student: readonly string[]; readonly teacher: readonly string[] };
  readonly #host: PluginHost;
  readonly #reported = new WeakSet<object>();
  #optimizer: Optimizer | undefined;

  constructor(parts: ManagerParts) {
    this.#parts = parts;
    this.#run = new Run(parts.student, parts.teacher);
    this.#optimizer = parts.optimizer;
    this.#taps = { student: tapped(parts.criteria, 'student'), teacher: tapped(parts.criteria, 'teacher') };
    this.hooks = createHooks(this.#run, { jitless: parts.jitless });
    const criterion = { name: 'criterion', stage: Number.MIN_SAFE_INTEGER };
    this.hooks.onAfterComputeLoss.tap(criterion, (loss, ctx) => combineLosses(loss, parts.criteria, ctx));
    this.#host = new PluginHost(this.hooks);
    for (const plugin of parts.plugins) this.use(plugin);
  }

  /** The student, as the manager runs it: `forward(x, { training })` gives output and tapped features. */
  get model(): Student {
    return this.#parts.student;
  }

  get teacher(): TeacherSource | undefined {
    return this.#parts.teacher;
  }

  /** What training moves: the student's variables and the criteria's adapters. Read it before each step. */
  get variables(): Variable[] {
    return [
      ...this.#parts.student.variables,
      ...this.#parts.criteria.flatMap(({ variables = [] }) => variables),
    ];
  }

  /** The optimizer of `fit` and `trainStep`. */
  get optimizer(): Optimizer {
    this.#optimizer ??= train.adam(1e-3);
    return this.#optimizer;
  }

  /** Why a plugin asked to stop, or `undefined`. A loop of your own looks at it after each step. */
  get stopReason(): string | undefined {
    return this.#run.stopReason;
  }

  /** Asks the training to end after the running step. */
  stop(reason: string): void {
    this.#run.stop(reason);
  }

  /** Names of the student's layers whose outputs the criteria want. */
  get taps(): readonly string[] {
    return this.#taps.student;
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

  /** Reports every hook call: whose, when, how long, how many tensors it left. Returns the undo. */
  trace(listener: (event: TraceEvent) => void): () => void {
    this.#run.tracer = listener;
    return () => {
      if (this.#run.tracer === listener) this.#run.tracer = undefined;
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
    if (this.#phase.is('idle')) await this.onTrainBegin();
    if (this.#phase.is('train')) await this.onEpochBegin();
    await this.onStepBegin(batch);
    await this.#reporting(() => {
      const { student, taskLoss, stepRunner } = this.#parts;
      const { taps, variables, optimizer } = this;
      stepRunner.run({ student, batch, taps, variables, optimizer, taskLoss, hooks: this });
    });
    await this.onStepEnd();
  }

  async onTrainBegin(plan: TrainPlan = {}): Promise<void> {
    this.#phase.enter('onTrainBegin', 'idle', 'train');
    this.#run.begin(plan);
    this.#run.optimizer = this.#optimizer;
    await this.#reporting(() => this.hooks.onTrainBegin.promise(this.#run));
  }

  async onEpochBegin(epoch = this.#run.epoch + 1): Promise<void> {
    this.#phase.enter('onEpochBegin', 'train', 'epoch');
    this.#run.beginEpoch(epoch);
    await this.#reporting(() => this.hooks.onEpochBegin.promise(this.#run));
  }

  /** Fires the hook, then asks the teacher: outside the tape, and awaited. The batch stays yours. */
  async onStepBegin(batch: Batch): Promise<void> {
    this.#phase.enter('onStepBegin', 'epoch', 'step');
    this.#run.beginStep(batch);
    await this.#reporting(async () => {
      batchSize(batch);
      checkInput(batch.x, this.#parts.student.signature, 'student');
      await this.hooks.onStepBegin.promise(this.#run);
      this.#run.hear(await this.#parts.teacher?.outputs(batch, this.#taps.teacher));
    });
  }

  /**
   * Call it inside the gradient tape, with what the student gave and the task's loss.
   *
   * @param output Logits, or what `manager.model.forward` returned if criteria tap layers.
   * @returns The loss to minimize. Belongs to your `tidy`.
   */
  onAfterComputeLoss(_input: Inputs, output: Tensor | StudentOutputs, loss: Scalar): Scalar {
    this.#phase.expect('onAfterComputeLoss', 'step');
    const outputs = isTensor(output) ? { output, features: {} } : output;
    const run = this.#run;
    run.beginLoss(outputs, loss);
    checkStep(this.#parts.criteria, this.#taps, run);
    const total = this.hooks.onAfterComputeLoss.call(loss, run);
    run.endLoss(total);
    return total;
  }

  /** @returns The gradients to apply. Belong to your `tidy`. */
  onBeforeOptimizerStep(grads: NamedTensorMap): NamedTensorMap {
    this.#phase.expect('onBeforeOptimizerStep', 'step');
    return this.hooks.onBeforeOptimizerStep.call(grads, this.#run);
  }

  onAfterOptimizerStep(): void {
    this.#phase.expect('onAfterOptimizerStep', 'step');
    this.hooks.onAfterOptimizerStep.call(this.#run);
  }

  async onStepEnd(): Promise<void> {
    this.#phase.enter('onStepEnd', 'step', 'epoch');
    await this.#reporting(async () => {
      const { loss, parts, means } = this.#run;
      await means.add({ loss, ...parts });
      await this.hooks.onStepEnd.promise(this.#run);
    });
    this.#run.endStep();
  }

  /** Fires the hooks around an evaluation; its metrics go into the epoch's logs. */
  async evaluateEpoch(data: Data, options: EvaluateOptions = {}): Promise<Logs> {
    this.#phase.expect('evaluateEpoch', 'epoch');
    const run = this.#run;
    await this.#reporting(async () => {
      await this.hooks.onBeforeEval.promise(run);
      run.metrics = await this.evaluate(data, options);
      await this.hooks.onAfterEval.promise(run);
    });
    return run.metrics;
  }

  /** @returns The epoch's row of the history. */
  async onEpochEnd(): Promise<Logs> {
    this.#phase.enter('onEpochEnd', 'epoch', 'train');
    const run = this.#run;
    await this.#reporting(async () => {
      run.logs = { ...(await run.means.read()), ...prefixed('val_', run.metrics), ...run.logs };
      run.history.push(run.logs);
      await this.hooks.onEpochEnd.promise(run);
    });
    return run.logs;
  }

  async onTrainEnd(): Promise<History> {
    this.#phase.enter('onTrainEnd', 'train', 'idle');
    const run = this.#run;
    await this.#reporting(() => this.hooks.onTrainEnd.promise(run));
    run.means.reset();
    return { epochs: run.history, steps: run.globalStep + 1, stopReason: run.stopReason };
  }

  /**
   * Tells the plugins that something threw and ends the training. `fit` and `trainStep` do it by
   * themselves; a loop of your own calls it from its `catch`. The same error is told once.
   */
  async onError(error: unknown): Promise<void> {
    this.#phase.reset();
    releaseTape();
    this.#run.endStep();
    this.#run.means.reset();
    if (typeof error === 'object' && error !== null) {
      if (this.#reported.has(error)) return;
      this.#reported.add(error);
    }
    try {
      await this.hooks.onError.promise(error, this.#run);
    } catch (failure) {
      const message = `${messageOf(error)} (and then ${messageOf(failure)})`;
      throw new AggregateError([error, failure], message, { cause: failure });
    }
  }

  /** Frees what the manager made and took over: plugins, criteria, optimizer. Not student, teacher or data. */
  dispose(): void {
    this.#run.endStep();
    this.#run.means.reset();
    const { criteria, stepRunner } = this.#parts;
    const actions = [...this.#host.undoAll(), ...criteria.map((criterion) => () => criterion.dispose?.())];
    actions.push(
      () => stepRunner.dispose?.(),
      () => this.#optimizer?.dispose(),
    );
    const failures = actions.flatMap((action) => failureOf(action));
    this.#optimizer = undefined;
    if (failures.length > 0) throw new AggregateError(failures, 'Some parts could not be disposed.');
  }

  /** Whatever throws inside is told to the plugins once, then goes on. */
  async #reporting(action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (error) {
      await this.onError(error);
      throw error;
    }
  }
}

function tapped(criteria: readonly Criterion[], side: 'student' | 'teacher'): readonly string[] {
  return [...new Set(criteria.flatMap(({ taps }) => taps?.[side] ?? []))];
}

function prefixed(prefix: string, logs: Logs): Logs {
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [prefix + name, value]));
}

function failureOf(action: () => void): unknown[] {
  try {
    action();
    return [];
  } catch (error) {
    return [error];
  }
}
