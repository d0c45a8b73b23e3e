import { type NamedTensorMap, type Optimizer, type Scalar, type Variable } from '@tensorflow/tfjs-core';
import { type Batch, type Inputs } from '../Batch.js';
import { type Student, type StudentOutputs } from '../student/Student.js';
import { type TaskLoss } from '../taskLoss.js';

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
}

/** How one step is carried out, from the student's forward pass to the moved weights. */
export interface StepRunner {
  run(work: StepWork): void;
  dispose?(): void;
}
