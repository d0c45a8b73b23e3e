import { type Scalar, sum, type Tensor } from '@tensorflow/tfjs-core';
import { defineCriterion, type Knob, knobSchema, mapKnob } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { bernoulliDivergence } from './bernoulliDivergence.js';
import { probabilityShift } from './probabilityShift.js';
import { SCALAR_REDUCTIONS } from './reduction.js';
import { responseLoss, type SoftOptions } from './responseLoss.js';
import { softDivergence } from './softDivergence.js';
import { assertLabels, targetMask } from './targets.js';
import { type ValueAndGradient } from './withGradient.js';

const ACTIVATIONS = ['softmax', 'sigmoid'] as const;
const DIVERGENCES = ['kl', 'crossEntropy'] as const;

export interface KdLossOptions extends SoftOptions {
  /** `T > 0`; 1 is plain KL, 2–10 is usual. Default 4. */
  readonly temperature?: number;
  /** `kl`, or the cross-entropy to soft targets: the same gradient, a different floor. Default `kl`. */
  readonly divergence?: (typeof DIVERGENCES)[number];
  /** `softmax` for one class a sample, `sigmoid` for any number of labels: a sum over yes-or-no questions. Default `softmax`. */
  readonly activation?: (typeof ACTIVATIONS)[number];
  /** Given, they put a wrong teacher right: its largest logit and the true class's change places. Class numbers or one-hot. */
  readonly correctTeacherBy?: Tensor | undefined;
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
  const { temperature = 4, divergence = 'kl', activation = 'softmax', correctTeacherBy } = options;
  const where = 'kdLoss';
  const compare = activation === 'softmax' ? softDivergence : multiLabelDivergence;
  const logits = [teacherLogits, studentLogits] as const;
  return responseLoss(where, logits, { ...options, temperature }, (teacher, student) => {
    if (correctTeacherBy === undefined) return compare(teacher, student, divergence === 'kl');
    assertLabels(correctTeacherBy, teacher, where);
    const right = probabilityShift(teacher, targetMask(correctTeacherBy, teacher));
    return compare(right, student, divergence === 'kl');
  });
}

function multiLabelDivergence(teacher: Tensor, student: Tensor, withFloor: boolean): ValueAndGradient {
  const { value, gradient } = bernoulliDivergence(teacher, student, withFloor);
  return { value: sum(value, -1, true), gradient };
}

const options = z
  .strictObject({
    temperature: z._default(knobSchema({ above: 0 }), 4),
    alpha: z.optional(knobSchema({ atLeast: 0, atMost: 1 })),
    taskWeight: z.optional(knobSchema({ atLeast: 0 })),
    softWeight: z.optional(knobSchema({ atLeast: 0 })),
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    divergence: z._default(z.enum(DIVERGENCES), 'kl'),
    activation: z._default(z.enum(ACTIVATIONS), 'softmax'),
    probabilityShift: z._default(z.boolean(), false),
  })
  .check(
    z.refine(
      ({ alpha, taskWeight, softWeight }) => alpha === undefined || (taskWeight ?? softWeight) === undefined,
      { error: 'either `alpha`, or `taskWeight` and `softWeight`' },
    ),
    z.refine(({ probabilityShift, activation }) => !probabilityShift || activation === 'softmax', {
      path: ['probabilityShift'],
      error: 'left out with `activation` "sigmoid": there is no one true class',
    }),
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
 * `probabilityShift` needs labels: where the teacher is wrong, its largest logit and the true class's
 * change places.
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
    requires: { sameOutputShape: true, labels: checked.probabilityShift },
    traceable: true,
    compute: (ctx) =>
      kdLoss(ctx.teacherOutputs.logits, ctx.studentOutputs.output, {
        temperature: ctx.knob(checked.temperature, 'temperature'),
        reduction: checked.reduction,
        divergence: checked.divergence,
        activation: checked.activation,
        correctTeacherBy: checked.probabilityShift ? ctx.labels : undefined,
        weights: ctx.batch.weights,
      }),
  }),
});
