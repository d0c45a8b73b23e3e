import {
  add,
  div,
  maximum,
  mean,
  type Scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { defineCriterion, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertClasses } from './checks.js';
import { kdLoss } from './knowledgeDistillation.js';
import { noGrad } from './noGrad.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { responseLoss } from './responseLoss.js';
import { weighting, weightOptions } from './weighting.js';

/** The authors' constant beside the deviation. */
const EPSILON = 1e-7;
/** Below it a variance counts as it: the square root of 0 has no derivative. */
const LEAST_VARIANCE = 1e-12;

export interface StandardizedKdOptions extends ReduceOptions {
  /** `T > 0`, after standardizing. Default 2. */
  readonly temperature?: number;
}

/**
 * Soft-target loss of standardized logits: `kdLoss` of `(z − mean) / (deviation + 1e-7)` over the
 * classes of each sample, with the unbiased deviation (÷ classes − 1). The student may choose its own
 * location and scale.
 *
 * @param teacherLogits Unscaled logits, `[…batch, classes]`, at least 3 classes.
 * @param studentLogits Unscaled logits, same shape and order of classes.
 * @returns Non-negative scalar, or `[…batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes differ, there are 2 classes, or `temperature` is not above 0.
 *
 * @example
 * standardizedKdLoss(tensor2d([[0, 1, 2]]), tensor2d([[10, 30, 50]])); // 0
 *
 * @see Sun, Ren, Li, Wang, Cao, "Logit Standardization in Knowledge Distillation", https://arxiv.org/abs/2403.01427 (2024)
 */
export function standardizedKdLoss(
  teacherLogits: Tensor,
  studentLogits: Tensor,
  options: StandardizedKdOptions = {},
): Scalar {
  const { temperature = 2 } = options;
  const where = 'standardizedKdLoss';
  assertClasses(studentLogits, 3, { where, hint: 'Of two logits only the sign would be left: use kdLoss.' });
  return responseLoss(where, [teacherLogits, studentLogits], options, (teacher, student) =>
    kdLoss(
      noGrad(() => standardized(teacher)),
      standardized(student),
      { temperature, reduction: 'none' },
    ),
  );
}

/** Mean 0 and deviation 1 over the classes; constant logits become zeros. */
function standardized(logits: Tensor): Tensor {
  const centred = sub(logits, mean(logits, -1, true));
  const variance = div(sum(square(centred), -1, true), (logits.shape.at(-1) ?? 2) - 1);
  return div(centred, add(sqrt(maximum(variance, LEAST_VARIANCE)), EPSILON));
}

/**
 * Distillation with logit standardization, `type: 'standardized-kd'`. By default the authors' weights:
 * 9 beside the task's 0.1.
 *
 * @throws DistillError if an option is out of range.
 *
 * @example
 * standardizedKd({ temperature: 2, weight: 9, taskWeight: 0.1 });
 */
export const standardizedKd = defineCriterion({
  type: 'standardized-kd',
  options: z.strictObject({
    temperature: z._default(knobSchema({ above: 0 }), 2),
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    ...weightOptions(9),
    taskWeight: z._default(knobSchema({ atLeast: 0 }), 0.1),
  }),
  create: ({ temperature, reduction, ...weights }) => ({
    ...weighting(weights),
    requires: { sameOutputShape: true },
    compute: (ctx) =>
      standardizedKdLoss(ctx.teacherOutputs.logits, ctx.studentOutputs.output, {
        temperature: ctx.knob(temperature, 'temperature'),
        reduction,
        weights: ctx.batch.weights,
      }),
  }),
});
