import { type CriterionLike, type TaskLoss } from '@tfjs-distill/core';

/** `default`: the mended form. `inc`: Intel Neural Compressor's own numbers. */
export type Compat = 'default' | 'inc';

/** A distillation loss under Intel Neural Compressor's name, as `DistillationConfig` takes it. */
export interface LossConfig {
  /** Whether a teacher is asked at all. */
  readonly needsTeacher: boolean;
  /** The task's loss that the configuration names, if it is not cross-entropy. */
  readonly taskLoss?: TaskLoss | undefined;
  toCriterion(compat: Compat): CriterionLike;
}
