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
import { withoutMasked } from './reduction.js';
import { softDivergence } from './softDivergence.js';
import { weighting, weightOptions } from './weighting.js';
import { type ValueAndGradient, withGradient } from './withGradient.js';

/** A sum of weights that is divided by must not be 0. */
const TINY = 1e-37;

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
    const columns = studentLogits.shape.at(-1) ?? 1;
    const rows = (logits: Tensor) => reshape(withoutMasked(logits, weights), [-1, columns]);
    const factors = { instance, batch, classes };
    return withGradient(rows(studentLogits), (student) => {
      const teacher = rows(teacherLogits);
      const samples = samplesOf(student, weights);
      const levels = temperatures.map((temperature) =>
        level(teacher, student, temperature, samples, factors),
      );
      return {
        value: addN(levels.map(({ value }) => value)),
        gradient: addN(levels.map(({ gradient }) => gradient)),
      };
    }) as Scalar;
  });
}

/** What the samples count for: numbers without weights, else tensors. */
interface Samples {
  /** How many there are of a weight above 0. */
  readonly count: Tensor | number;
  /** Part of each in a mean, `[samples, 1]`. */
  readonly share: Tensor | number;
  /** Root of each weight, `[samples, 1]`. */
  readonly root: Tensor | number;
}

function samplesOf(rows: Tensor, weights: Tensor | undefined): Samples {
  const [count = 1] = rows.shape;
  if (weights === undefined) return { count, share: 1 / count, root: 1 };
  const column = reshape(weights, [-1, 1]);
  return {
    count: maximum(sum(cast(greater(column, 0), 'float32')), 1),
    share: div(column, maximum(sum(column), TINY)),
    root: sqrt(column),
  };
}

type Factors = Required<Pick<MultiLevelKdOptions, 'instance' | 'batch' | 'classes'>>;

/** All three parts at one temperature, and their derivative by the student's logits, `[samples, classes]`. */
function level(
  teacherLogits: Tensor,
  studentLogits: Tensor,
  temperature: number,
  { count, share, root }: Samples,
  { instance, batch, classes }: Factors,
): ValueAndGradient {
  const soft = softDivergence(div(teacherLogits, temperature), div(studentLogits, temperature));
  const each = mul(sum(mul(reshape(soft.value, [-1, 1]), share)), instance * temperature ** 2);
  const [p, q] = [mul(soft.teacher.probs, root), mul(soft.student.probs, root)];
  const among = sub(matMul(q, q, false, true), matMul(p, p, false, true)); // [samples, samples]
  const across = sub(matMul(q, q, true), matMul(p, p, true)); // [classes, classes]
  const [byBatch, byClasses] = [div(batch, count), classes / (studentLogits.shape[1] ?? 1)];
  const byProbs = add(mul(matMul(among, q), mul(byBatch, 4)), mul(matMul(q, across), byClasses * 4));
  const pull = mul(soft.student.probs, mul(byProbs, root)); // through the softmax: q · (g − Σ q · g) / T
  const byRelations = sub(pull, mul(soft.student.probs, sum(pull, 1, true)));
  return {
    value: addN([each, mul(sum(square(among)), byBatch), mul(sum(square(across)), byClasses)]),
    gradient: add(mul(mul(soft.gradient, share), instance * temperature), div(byRelations, temperature)),
  };
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
