import { type TeacherSource } from '@tfjs-distill/core';
import { refuseCoupled } from '../mpi/refuseCoupled.js';
import { type RunOptions } from './distillRun.js';
import { planTrainings, type TrainingPlan } from './plan.js';
import { plannedManager, plannedStudent, type TrainingParts } from './trainingRecord.js';

/** What is known of a run before it begins. */
export interface Rehearsal {
  /** Of the student, without exits. */
  readonly parameters: number;
  /** The teacher's layers that the criteria look at. */
  readonly taps: readonly string[];
}

/**
 * Builds each kind of training once and trains nothing, so that whatever does not fit shows before the teacher is asked
 * and before the run's folder is touched.
 *
 * @throws DistillError as `openStudent` and `prepareCompression`, and what a user's module throws.
 */
export async function rehearse(
  parts: Pick<TrainingParts, 'loaded' | 'dataset' | 'folder'> & {
    readonly options?: Pick<RunOptions, 'ranks'>;
  },
  teacher: TeacherSource | undefined,
): Promise<Rehearsal> {
  const isDistilled = ({ network }: TrainingPlan) => network === 'distilled';
  const distilled = planTrainings(parts.loaded.config).find(isDistilled) as TrainingPlan;
  const alone = await plannedStudent({ network: 'alone', seed: distilled.seed }, parts);
  const parameters = alone.countParams();
  alone.dispose();
  const student = await plannedStudent(distilled, parts);
  try {
    const manager = await plannedManager(student, distilled, parts, { teacher });
    if ((parts.options?.ranks?.size ?? 1) > 1) refuseCoupled(manager.criteria);
    const taps = new Set(manager.criteria.flatMap((criterion) => criterion.taps?.teacher ?? []));
    manager.dispose();
    return { parameters, taps: [...taps] };
  } finally {
    student.dispose();
  }
}
