import {
  add,
  div,
  maximum,
  mean,
  mul,
  type Scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { defineCriterion, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertClasses, assertPositive, assertTensors } from './checks.js';
import { SCALAR_REDUCTIONS } from './reduction.js';
import { responseLoss, type SoftOptions } from './responseLoss.js';
import { softDivergence } from './softDivergence.js';
import { weighting, weightOptions } from './weighting.js';

/** The authors' constant beside the deviation. */
const EPSILON = 1e-7;
/** Below it a variance counts as it: the square root of 0 has no derivative. */
const LEAST_VARIANCE = 1e-12;

/** `temperature`, which divides what was standardized, defaults to 2. */
export type StandardizedKdOptions = SoftOptions;

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
  const { temperature = 2, reduction, weights } = options;
  const where = 'standardizedKdLoss';
  assertPositive({ temperature }, { where });
  assertTensors({ studentLogits }, { where });
  assertClasses(studentLogits, 3, { where, hint: 'Of two logits only the sign would be left: use kdLoss.' });
  const logits = [teacherLogits, studentLogits] as const;
  return responseLoss(where, logits, { reduction, weights }, (teacher, student) => {
    const [theirs, ours] = [standardized(teacher), standardized(student)];
    const scores = ({ scores }: Standardized) => div(scores, temperature);
    const { value, gradient } = softDivergence(scores(theirs), scores(ours));
    return { value: mul(value, temperature ** 2), gradient: mul(ours.backward(gradient), temperature) };
  });
}

interface Standardized {
  /** Mean 0 and deviation 1 over the classes; constant logits become zeros. */
  readonly scores: Tensor;
  /** From a derivative by the scores, which adds up to 0 over the classes, to that by the logits. */
  backward(gradient: Tensor): Tensor;
}

function standardized(logits: Tensor): Standardized {
  const freedom = (logits.shape.at(-1) ?? 2) - 1;
  const centred = sub(logits, mean(logits, -1, true));
  const variance = div(sum(square(centred), -1, true), freedom);
  const deviation = sqrt(maximum(variance, LEAST_VARIANCE));
  const scale = add(deviation, EPSILON);
  const scores = div(centred, scale);
  return {
    scores,
    backward: (gradient) => {
      const along = div(sum(mul(gradient, scores), -1, true), mul(deviation, freedom));
      return div(sub(gradient, mul(centred, along)), scale);
    },
  };
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
