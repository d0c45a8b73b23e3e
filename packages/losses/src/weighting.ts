import { type Criterion, type Knob, knobSchema, type Schema } from '@tfjs-distill/core';
import * as z from 'zod/mini';

/**
 * Options of every criterion: the factor of its term, and its claim on the task's loss, which is none
 * unless one is given.
 *
 * @param weight Default factor: the paper's.
 */
export function weightOptions(weight = 1) {
  return {
    weight: z._default(knobSchema({ atLeast: 0 }), weight),
    taskWeight: z.optional(knobSchema({ atLeast: 0 })) satisfies Schema<Knob | undefined>,
  };
}

/** The part of a criterion that its `weightOptions` decide. */
export function weighting({
  weight,
  taskWeight,
}: {
  readonly weight: Knob;
  readonly taskWeight?: Knob | undefined;
}): Pick<Criterion, 'weight' | 'taskWeight'> {
  return taskWeight === undefined ? { weight } : { weight, taskWeight };
}
