import { type Scalar, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { type LossContext } from '../context.js';
import { type Knob } from '../Schedule.js';
import { type Student } from '../student/Student.js';
import { type TeacherSource } from '../teacher/TeacherSource.js';

/** Names of the layers whose outputs a criterion compares. */
export interface Taps {
  readonly student?: readonly string[];
  readonly teacher?: readonly string[];
}

/** What a criterion cannot do without. The manager checks it before training, for all criteria alike. */
export interface Requirements {
  /** A teacher; without one `prepareCompression` refuses. Default true. */
  readonly teacher?: boolean;
  /** Labels in every batch. */
  readonly labels?: boolean;
  /** A stable id per sample. */
  readonly ids?: boolean;
  /** Teacher and student outputs of one shape, so the same classes in the same order. */
  readonly sameOutputShape?: boolean;
}

/** What a criterion may build its adapters from. */
export interface PrepareContext {
  readonly student: Student;
  readonly teacher: TeacherSource | undefined;
}

/**
 * A way of distilling. `compute` gives its own term; the manager minimizes
 *
 * `taskWeight · task + Σ weight · term`
 *
 * where the task's weight is the sum of what the criteria claim of it, or 1 if none claims any.
 */
export interface Criterion {
  /** Name in config files and reports. */
  readonly type: string;
  /** Factor of this criterion's term. Default 1. */
  readonly weight?: Knob | undefined;
  /** Claim on the task's loss, e.g. `alpha`. Default: no claim. */
  readonly taskWeight?: Knob | undefined;
  readonly taps?: Taps;
  /** Trained beside the student and left out of the export: adapters. */
  readonly variables?: readonly Variable[];
  /** Moved by the criterion itself and not by the optimizer: memories, running averages. Kept in checkpoints. */
  readonly state?: readonly Variable[];
  readonly requires?: Requirements;
  /** Compares the samples of a batch, so that two half batches are not one whole. */
  readonly coupled?: boolean;
  /**
   * `false` where `compute` looks at values or keeps count in JavaScript: the step is then not compiled.
   * `true` where moreover no branch hangs on the value of a schedule, between 0 and 1 and above 1: the value is
   * then fed to the compiled step. Default: a function of tensors, of its variables and of `ctx`.
   */
  readonly traceable?: boolean;
  /** Called once by the manager, before the first step and before `variables` are read. */
  prepare?(context: PrepareContext): void;
  /** The unweighted term. Runs inside the gradient tape; what it returns belongs to the step. */
  compute(ctx: LossContext): Scalar;
  dispose?(): void;
}

/** A criterion as a plain function of both sides' logits. */
export type CriterionFunction = (teacher: Tensor, student: Tensor, ctx: LossContext) => Scalar;

/** A criterion as a class; decorated with `@injectable()` it can ask for the manager's parts by token. */
export type CriterionClass = new (...args: never[]) => Criterion;
