import {
  add,
  addN,
  cast,
  div,
  greater,
  matMul,
  maximum,
  mul,
  reshape,
  type Scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { defineCriterion, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertBetween, assertLogits, assertPositive } from './checks.js';
import { kdLoss } from './knowledgeDistillation.js';
import { noGrad } from './noGrad.js';
import { withoutMasked } from './reduction.js';
import { softened } from './softened.js';
import { weighting, weightOptions } from './weighting.js';

export interface MultiLevelKdOptions {
  /** All of them are used, and their losses added. Default 2, 3, 4, 5, 6. */
  readonly temperatures?: readonly number[];
  /** Factor of the divergence of each sample, ≥ 0. Default 1. */
  readonly instance?: number;
  /** Factor of the relations among samples, ≥ 0. Default 1. */
  readonly batch?: number;
  /** Factor of the relations among classes, ≥ 0. Default 1. */
  readonly classes?: number;
  /** Weight of each sample, `[…batch]`, ≥ 0. Default 1. */
  readonly weights?: Tensor | undefined;
}

/**
 * Multi-level logit distillation: for each temperature, with probabilities `P` of the teacher and `Q` of
 * the student as `[B, C]` matrices,
 * `kdLoss + ‖QQᵀ − PPᵀ‖² / B + ‖QᵀQ − PᵀP‖² / C`, added up.
 *
 * The samples' divergence carries `T²`, as in the authors' code. That code also multiplies it by the share
 * of samples below the median confidence, about a half, and drops the relations of its second view; both
 * are left out here. Two views of the data are the data set's business.
 *
 * @param teacherLogits Unscaled logits, `[…batch, classes]`.
 * @param studentLogits Unscaled logits, same shape and order of classes.
 * @returns Non-negative scalar. The caller owns it. Couples the samples of a batch.
 * @throws DistillError if the shapes differ or an option is out of range.
 *
 * @example
 * const far = [tensor2d([[99, 0]]), tensor2d([[0, 99]])];
 * multiLevelKdLoss(...far, { temperatures: [1], instance: 0 }); // 1 = 0 / 1 + 2 / 2
 *
 * @see Jin, Wang, Lin, "Multi-Level Logit Distillation", CVPR 2023, https://openaccess.thecvf.com/content/CVPR2023/html/Jin_Multi-Level_Logit_Distillation_CVPR_2023_paper.html
 */
export function multiLevelKdLoss(
  teacherLogits: Tensor,
  studentLogits: Tensor,
  options: MultiLevelKdOptions = {},
): Scalar {
  const { temperatures = [2, 3, 4, 5, 6], instance = 1, batch = 1, classes = 1, weights } = options;
  const where = 'multiLevelKdLoss';
  assertBetween({ instance, batch, classes }, [0, Infinity], { where });
  temperatures.forEach((temperature, i) => assertPositive({ [`temperatures.${i}`]: temperature }, { where }));
  assertLogits({ teacherLogits, studentLogits }, weights, where);
  return tidy(() => {
    const terms = temperatures.map((temperature) => {
      const soft = kdLoss(teacherLogits, studentLogits, { temperature, weights });
      const teacher = noGrad(() => rowsOf(teacherLogits, weights, temperature));
      const student = rowsOf(studentLogits, weights, temperature);
      const { among, across } = relations(teacher, student, weights);
      return add(mul(soft, instance), add(mul(among, batch), mul(across, classes)));
    });
    return addN(terms) as Scalar;
  });
}

/** Probabilities `[samples, classes]`, each row times the root of its weight. */
function rowsOf(logits: Tensor, weights: Tensor | undefined, temperature: number): Tensor {
  const { probs } = softened(withoutMasked(logits, weights), temperature);
  const rows = reshape(probs, [-1, logits.shape.at(-1) ?? 1]);
  return weights === undefined ? rows : mul(rows, sqrt(reshape(weights, [-1, 1])));
}

/** Mean squared differences of the Gram matrices: among samples, and among classes. */
function relations(teacher: Tensor, student: Tensor, weights: Tensor | undefined) {
  const [samples = 1, classes = 1] = student.shape;
  const counting = weights === undefined ? samples : maximum(sum(cast(greater(weights, 0), 'float32')), 1);
  const difference = (transposed: boolean) =>
    sum(square(sub(gram(student, transposed), gram(teacher, transposed))));
  return { among: div(difference(false), counting), across: div(difference(true), classes) };
}

/** `XXᵀ`, or `XᵀX`. */
function gram(x: Tensor, transposed: boolean): Tensor {
  return matMul(x, x, transposed, !transposed);
}

/**
 * Multi-level logit distillation, `type: 'mlkd'`.
 *
 * @throws DistillError if an option is out of range.
 *
 * @example
 * multiLevelKd({ temperatures: [2, 3, 4, 5, 6] });
 */
export const multiLevelKd = defineCriterion({
  type: 'mlkd',
  options: z.strictObject({
    temperatures: z._default(z.array(z.number().check(z.gt(0))).check(z.minLength(1)), [2, 3, 4, 5, 6]),
    instance: z._default(knobSchema({ atLeast: 0 }), 1),
    batch: z._default(knobSchema({ atLeast: 0 }), 1),
    classes: z._default(knobSchema({ atLeast: 0 }), 1),
    ...weightOptions(),
  }),
  create: ({ temperatures, instance, batch, classes, ...weights }) => ({
    ...weighting(weights),
    coupled: true,
    requires: { sameOutputShape: true },
    compute: (ctx) =>
      multiLevelKdLoss(ctx.teacherOutputs.logits, ctx.studentOutputs.output, {
        temperatures,
        instance: ctx.knob(instance, 'instance'),
        batch: ctx.knob(batch, 'batch'),
        classes: ctx.knob(classes, 'classes'),
        weights: ctx.batch.weights,
      }),
  }),
});
