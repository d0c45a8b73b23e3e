import { type NamedTensorMap, type Optimizer, type Scalar, type Variable } from '@tensorflow/tfjs-core';
import { type Batch, type Inputs } from '../Batch.js';
import { type Student, type StudentOutputs } from '../student/Student.js';
import { type TaskLoss } from '../taskLoss.js';
import { type StepScope } from './StepScope.js';

/** The synchronous hooks of a step, as the runner fires them. */
export interface StepHooks {
  onAfterComputeLoss(input: Inputs, output: StudentOutputs, loss: Scalar): Scalar;
  onBeforeOptimizerStep(grads: NamedTensorMap): NamedTensorMap;
  onAfterOptimizerStep(): void;
}

/** Everything one step works on. */
export interface StepWork {
  readonly student: Student;
  readonly batch: Batch;
  /** Layers of the student whose outputs the criteria want. */
  readonly taps: readonly string[];
  /** What is trained: the student's and the adapters' variables. */
  readonly variables: readonly Variable[];
  readonly optimizer: Optimizer;
  readonly taskLoss: TaskLoss;
  readonly hooks: StepHooks;
  /** To be called first, outside the tape, where it is given: the teacher then answers as a part of the step. */
  readonly askTeacher?: () => void;
  /** What else the step depends on: for runners that do not call everything at every step. */
  readonly scope: StepScope;
}

/** How the steps of a training ran, so far. */
export interface StepReport {
  /** Kernel by kernel. */
  readonly eager: number;
  /** As one graph, all hooks called as ever. */
  readonly replayed: number;
  /** As one graph, without the JavaScript of the step. */
  readonly compiled: number;
  /** Why some steps were not compiled, each reason once. */
  readonly reasons: readonly string[];
}

/** How one step is carried out, from the student's forward pass to the moved weights. */
export interface StepRunner {
  run(work: StepWork): void | Promise<void>;
  /** Whether it calls `askTeacher`; otherwise all teachers are asked before it runs. */
  readonly asksTeacher?: boolean;
  /** Absent where all steps run the same way. */
  readonly report?: StepReport | undefined;
  dispose?(): void;
}
