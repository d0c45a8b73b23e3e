import { type NamedTensorMap, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { type Batch, batchSize, type Inputs, isTensor } from './Batch.js';
import { checkStep } from './checks.js';
import { type Logs } from './context.js';
import { combineLosses } from './criterion/combineLosses.js';
import { createHooks, type Hooks } from './hooks/createHooks.js';
import { ErrorChannel } from './hooks/ErrorChannel.js';
import { type MaybePromise } from './hooks/HookSignatures.js';
import { type History } from './loop/fit.js';
import { checkInput } from './models/checkInput.js';
import { Phase } from './Phase.js';
import { seededStudent, seedOfStep } from './random/seededStudent.js';
import { withSeed } from './random/withSeed.js';
import { Run, type TrainPlan } from './Run.js';
import { type Stage } from './stages/Stage.js';
import { Stages } from './stages/Stages.js';
import { releaseTape } from './step/releaseTape.js';
import { type Student, type StudentOutputs } from './student/Student.js';
import { type TeacherOutputs, type TeacherSource } from './teacher/TeacherSource.js';

export interface LifecycleParts {
  readonly student: Student;
  readonly teacher: TeacherSource | undefined;
  /** One after the other; most trainings have one. The manager takes them over. */
  readonly stages: readonly Stage[];
  readonly jitless?: boolean | undefined;
  /** How many steps the engine may run in one call: losses are looked at that seldom. Default 1. */
  readonly stepsPerCall?: number | undefined;
}

/**
 * The course of a training: every hook in its order, and what happens at each. The `on…` methods go
 * around the steps of a loop that you keep.
 */
export class Lifecycle {
  /** The hooks as tapable objects, for those who would rather tap than write a plugin. */
  readonly hooks: Hooks;
  protected readonly run: Run;
  protected readonly phase = new Phase();
  protected readonly stages: Stages;
  readonly #errors: ErrorChannel;

  constructor({ student, teacher, stages, jitless, stepsPerCall }: LifecycleParts) {
    this.run = new Run(
      seededStudent(student, () => this.run),
      teacher,
      stepsPerCall,
    );
    this.stages = new Stages(stages);
    this.run.criteria = this.stages.criteria;
    this.hooks = createHooks(this.run, { jitless });
    this.#errors = new ErrorChannel(this.hooks);
    const criterion = { name: 'criterion', stage: Number.MIN_SAFE_INTEGER, traceable: true };
    this.hooks.onAfterComputeLoss.tap(criterion, (loss, ctx) =>
      combineLosses(loss, this.runningStage.criteria, ctx),
    );
  }

  async onTrainBegin(plan: TrainPlan = {}): Promise<void> {
    this.phase.enter('onTrainBegin', 'idle', 'train');
    this.run.begin(plan);
    this.run.optimizer = this.stages.optimizerInUse(this.run.epoch);
    await this.reporting(() => this.hooks.onTrainBegin.promise(this.run));
  }

  async onEpochBegin(epoch = this.run.epoch + 1): Promise<void> {
    this.phase.enter('onEpochBegin', 'train', 'epoch');
    this.run.beginEpoch(epoch);
    this.run.optimizer = this.stages.optimizerInUse(this.run.epoch);
    await this.reporting(() => this.hooks.onEpochBegin.promise(this.run));
  }

  /** Tells the teacher of a batch before its step, so that what takes long may begin. Optional. */
  announce(batch: Batch): void {
    this.run.teacher?.prefetch?.(batch, this.runningStage.taps.teacher);
  }

  /**
   * Fires the hook, then asks the teacher: outside the tape, and awaited. The batch stays yours.
   * Begins the training and the epoch if you have not.
   */
  async onStepBegin(batch: Batch): Promise<void> {
    await this.beginStep(batch);
    await this.reporting(async () => this.run.hear(await this.answersTo(batch)));
  }

  /** Fires the hook; whoever calls it asks the teacher. */
  protected async beginStep(batch: Batch): Promise<void> {
    if (this.phase.is('idle')) await this.onTrainBegin();
    if (this.phase.is('train')) await this.onEpochBegin();
    this.phase.enter('onStepBegin', 'epoch', 'step');
    this.run.beginStep(batch);
    await this.reporting(async () => {
      batchSize(batch);
      checkInput(batch.x, this.run.student.signature, 'student');
      await this.hooks.onStepBegin.promise(this.run);
    });
  }

  protected answersTo(batch: Batch): MaybePromise<TeacherOutputs> | undefined {
    return this.run.teacher?.outputs(batch, this.runningStage.taps.teacher);
  }

  /**
   * Call it inside the gradient tape, with what the student gave and the task's loss.
   *
   * @param output Logits, or what `manager.model.forward` returned if criteria tap layers.
   * @returns The loss to minimize. Belongs to your `tidy`.
   */
  onAfterComputeLoss(_input: Inputs, output: Tensor | StudentOutputs, loss: Scalar): Scalar {
    this.phase.expect('onAfterComputeLoss', 'step');
    const outputs = isTensor(output) ? { output, features: {} } : output;
    const run = this.run;
    run.beginLoss(outputs, loss);
    checkStep(this.runningStage.criteria, this.runningStage.taps, run);
    const total = withSeed(seedOfStep(run), () => this.hooks.onAfterComputeLoss.call(loss, run.inner), 1);
    run.endLoss(total);
    return total;
  }

  /** @returns The gradients to apply. Belong to your `tidy`. */
  onBeforeOptimizerStep(grads: NamedTensorMap): NamedTensorMap {
    this.phase.expect('onBeforeOptimizerStep', 'step');
    return this.hooks.onBeforeOptimizerStep.call(grads, this.run.inner);
  }

  onAfterOptimizerStep(): void {
    this.phase.expect('onAfterOptimizerStep', 'step');
    this.hooks.onAfterOptimizerStep.call(this.run.inner);
  }

  async onStepEnd(): Promise<void> {
    this.phase.enter('onStepEnd', 'step', 'epoch');
    await this.reporting(async () => {
      const { loss, parts, means } = this.run;
      await means.add({ loss, ...parts });
      await this.hooks.onStepEnd.promise(this.run);
    });
    this.run.endStep();
  }

  /** @returns The epoch's row of the history. */
  async onEpochEnd(): Promise<Logs> {
    this.phase.enter('onEpochEnd', 'epoch', 'train');
    const run = this.run;
    await this.reporting(async () => {
      await run.endEpoch(this.stages.count > 1 ? { stage: this.stages.indexAt(run.epoch) } : {});
      await this.hooks.onEpochEnd.promise(run);
    });
    return run.logs;
  }

  /** Ends the epoch too if you have not. */
  async onTrainEnd(): Promise<History> {
    if (this.phase.is('epoch')) await this.onEpochEnd();
    this.phase.enter('onTrainEnd', 'train', 'idle');
    const run = this.run;
    await this.reporting(() => this.hooks.onTrainEnd.promise(run));
    run.means.reset();
    return { epochs: run.history, steps: run.globalStep + 1, stopReason: run.stopReason };
  }

  /**
   * Tells the plugins that something threw and ends the training. `fit` and `trainStep` do it by
   * themselves; a loop of your own calls it from its `catch`. The same error is told once.
   */
  async onError(error: unknown): Promise<void> {
    this.phase.reset();
    releaseTape();
    this.run.endStep();
    this.run.means.reset();
    await this.#errors.tell(error, this.run);
  }

  protected get runningStage(): Stage {
    return this.stages.at(this.run.epoch);
  }

  /** Whatever throws inside is told to the plugins once, then goes on. */
  protected async reporting(action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (error) {
      await this.onError(error);
      throw error;
    }
  }
}
