import {
  customGrad,
  div,
  exp,
  expandDims,
  logSoftmax,
  mul,
  type Scalar,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { defineCriterion, type Knob, knobSchema, mapKnob } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertPositive, assertSameShape } from './checks.js';
import {
  reduce,
  type ReduceOptions,
  type ScalarReduction,
  SCALAR_REDUCTIONS,
  withoutMasked,
} from './reduction.js';

export interface KdLossOptions extends ReduceOptions {
  /** `T > 0`; 1 is plain KL, 2–10 is usual. Default 4. */
  readonly temperature?: number;
  /** `kl`, or the cross-entropy to soft targets: the same gradient, a different floor. Default `kl`. */
  readonly divergence?: 'kl' | 'crossEntropy';
}

/**
 * Soft-target distillation loss: `T² · KL(softmax(t / T) ‖ softmax(s / T))` per sample, then reduced.
 *
 * `T²` keeps the gradient's scale roughly independent of `T`. Its gradient is closed, `T · (q − p)`,
 * and computed in one go; none goes to the teacher.
 *
 * @param teacherLogits Unscaled logits, `[…batch, classes]`.
 * @param studentLogits Unscaled logits, same shape and order of classes.
 * @returns Non-negative float32 scalar, or `[…batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes differ or `temperature` is not above 0.
 *
 * @example
 * kdLoss(tensor2d([[0, 2]]), tensor2d([[2, 0]]), { temperature: 1 }); // 1.5232
 *
 * @see Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", https://arxiv.org/abs/1503.02531 (2015)
 */
export function kdLoss(teacherLogits: Tensor, studentLogits: Tensor, options: KdLossOptions = {}): Scalar {
  const { temperature = 4, divergence = 'kl', weights } = options;
  assertSameShape({ teacherLogits, studentLogits }, { where: 'kdLoss' });
  assertPositive({ temperature }, { where: 'kdLoss' });
  return tidy(() => {
    const teacher = withoutMasked(teacherLogits, weights);
    const student = withoutMasked(studentLogits, weights);
    const values = softDivergence(teacher, temperature, divergence)(student);
    return reduce(values, options, studentLogits.shape.at(-1) ?? 1) as Scalar;
  });
}

/** One value per sample, as a function of the student's logits, with its closed gradient. */
function softDivergence(teacherLogits: Tensor, temperature: number, divergence: 'kl' | 'crossEntropy') {
  return customGrad((studentLogits, save) => {
    const teacherLogProbs = logSoftmax(div(teacherLogits, temperature)); // […batch, classes]
    const studentLogProbs = logSoftmax(div(studentLogits as Tensor, temperature));
    const teacherProbs = exp(teacherLogProbs);
    (save as (tensors: Tensor[]) => void)([sub(exp(studentLogProbs), teacherProbs)]);
    const floor = divergence === 'kl' ? teacherLogProbs : 0;
    const value = mul(sum(mul(teacherProbs, sub(floor, studentLogProbs)), -1), temperature ** 2);
    const gradFunc = (dy: Tensor, [difference]: Tensor[]) =>
      mul(mul(expandDims(dy, -1), temperature), difference as Tensor);
    return { value, gradFunc };
  });
}

const options = z
  .strictObject({
    temperature: z._default(knobSchema({ above: 0 }), 4),
    alpha: z.optional(knobSchema({ atLeast: 0, atMost: 1 })),
    taskWeight: z.optional(knobSchema({ atLeast: 0 })),
    softWeight: z.optional(knobSchema({ atLeast: 0 })),
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    divergence: z._default(z.enum(['kl', 'crossEntropy']), 'kl'),
  })
  .check(
    z.refine(
      ({ alpha, taskWeight, softWeight }) => alpha === undefined || (taskWeight ?? softWeight) === undefined,
      {
        error: 'either `alpha`, or `taskWeight` and `softWeight`',
      },
    ),
  );

interface Weights {
  readonly taskWeight: Knob;
  readonly weight: Knob;
}

/** Keras: one alpha shared out. PyTorch and Intel Neural Compressor: a weight each. */
function weightsOf({ alpha, taskWeight, softWeight }: z.output<typeof options>): Weights {
  if (alpha === undefined && (taskWeight ?? softWeight) !== undefined) {
    return { taskWeight: taskWeight ?? 1, weight: softWeight ?? 1 };
  }
  const share = alpha ?? 0.1;
  return { taskWeight: share, weight: mapKnob(share, (value) => 1 - value) };
}

/**
 * Knowledge distillation by soft targets, `type: 'kd'`.
 *
 * Two conventions of weighting:
 * - Keras: `alpha · task + (1 − alpha) · soft`, with `alpha` (default 0.1);
 * - PyTorch's tutorial and Intel Neural Compressor: `taskWeight · task + softWeight · soft`.
 *
 * `soft` is `kdLoss` with `T²`. Temperature and weights take a number or a schedule.
 *
 * @throws DistillError if an option is out of range or both conventions are mixed.
 *
 * @example
 * knowledgeDistillation({ temperature: 10, alpha: 0.1 }); // Keras's example
 * knowledgeDistillation({ temperature: 2, taskWeight: 0.75, softWeight: 0.25 }); // PyTorch's tutorial
 */
export const knowledgeDistillation = defineCriterion({
  type: 'kd',
  options,
  create: (checked) => ({
    ...weightsOf(checked),
    requires: { sameOutputShape: true },
    compute: (ctx) =>
      kdLoss(ctx.teacherOutputs.logits, ctx.studentOutputs.output, {
        temperature: ctx.knob(checked.temperature, 'temperature'),
        reduction: checked.reduction satisfies ScalarReduction,
        divergence: checked.divergence,
        weights: ctx.batch.weights,
      }),
  }),
});
