import {
  add,
  cast,
  div,
  greater,
  maximum,
  mul,
  reshape,
  type Scalar,
  softmax,
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
import { weighting, weightOptions } from './weighting.js';
import { type ValueAndGradient, withGradient } from './withGradient.js';

/** The authors add it to the product of both norms. */
const EPSILON = 1e-8;
/** Below any norm of single precision but 0: what is divided by it is 0 itself. */
const LEAST_NORM = 1e-20;

export interface DistOptions {
  /** Factor of the relations among the classes of a sample, ≥ 0. Default 1. */
  readonly beta?: number;
  /** Factor of the relations among the samples of a class, ≥ 0. Default 1. */
  readonly gamma?: number;
  /** `T > 0`. Default 1. */
  readonly temperature?: number;
  /** Weight of each sample, `[…batch]`, ≥ 0. Default 1. */
  readonly weights?: Tensor | undefined;
}

/**
 * DIST loss: `T² · (β · (1 − mean ρ(p_i, q_i)) + γ · (1 − mean ρ(p_·c, q_·c)))`, with ρ Pearson's
 * correlation of probabilities over the classes of each sample, then over the samples for each class.
 * The student has to order and space the classes as the teacher does; scale and shift are its own.
 *
 * One sample has no relations to others: `γ` counts for nothing there.
 *
 * @param teacherLogits Unscaled logits, `[…batch, classes]`.
 * @param studentLogits Unscaled logits, same shape and order of classes.
 * @returns Scalar within 0 and `2 · T² · (β + γ)`. The caller owns it. Couples the samples of a batch.
 *   Where all probabilities of a class are nearly equal, ρ is damped by the authors' `1e-8` beside the
 *   product of the norms.
 * @throws DistillError if the shapes differ or an option is out of range.
 *
 * @example
 * distLoss(tensor2d([[0, 9], [9, 0]]), tensor2d([[9, 0], [0, 9]])); // 4: every order is reversed
 *
 * @see Huang, You, Wang, Qian, Xu, "Knowledge Distillation from A Stronger Teacher", https://arxiv.org/abs/2205.10536 (2022)
 */
export function distLoss(teacherLogits: Tensor, studentLogits: Tensor, options: DistOptions = {}): Scalar {
  const { beta = 1, gamma = 1, temperature = 1, weights } = options;
  const where = 'distLoss';
  assertPositive({ temperature }, { where });
  assertBetween({ beta, gamma }, [0, Infinity], { where });
  assertLogits({ teacherLogits, studentLogits }, weights, where);
  return tidy(() => {
    const classes = studentLogits.shape.at(-1) ?? 1;
    const rows = (logits: Tensor) => reshape(withoutMasked(logits, weights), [-1, classes]);
    return withGradient(rows(studentLogits), (student) => {
      const soften = (logits: Tensor) => softmax(temperature === 1 ? logits : div(logits, temperature));
      const [p, q] = [soften(rows(teacherLogits)), soften(student)];
      const { value, gradient } = relations(p, q, samplesOf(q, weights), { beta, gamma });
      const pull = mul(q, gradient); // through the softmax: q · (g − Σ q · g), times T² / T
      const byLogits = sub(pull, mul(q, sum(pull, 1, true)));
      return { value: mul(value, temperature ** 2), gradient: mul(byLogits, temperature) };
    }) as Scalar;
  });
}

/** What the samples count for: numbers without weights, else `[samples, 1]`. */
interface Samples {
  /** Part of each in a mean. */
  readonly share: Tensor | number;
  /** Root of its weight, relative to that of an average sample that counts. */
  readonly scale: Tensor | number;
}

function samplesOf(rows: Tensor, weights: Tensor | undefined): Samples {
  if (weights === undefined) return { share: 1 / (rows.shape[0] ?? 1), scale: 1 };
  const column = reshape(weights, [-1, 1]);
  const counting = sum(cast(greater(column, 0), 'float32'));
  const share = div(column, maximum(sum(column), LEAST_NORM));
  return { share, scale: sqrt(mul(share, counting)) };
}

/** Both parts of probabilities `[samples, classes]`, and their derivative by the student's. */
function relations(
  p: Tensor,
  q: Tensor,
  { share, scale }: Samples,
  { beta, gamma }: { readonly beta: number; readonly gamma: number },
): ValueAndGradient {
  const [samples = 1, classes = 1] = q.shape;
  const among = correlation(sub(p, 1 / classes), sub(q, 1 / classes), 1); // the mean of probabilities is known
  const value = mul(sum(mul(sub(1, among.value), share)), beta);
  const gradient = mul(among.gradient, mul(share, -beta));
  if (samples === 1) return { value, gradient };
  const centred = (probs: Tensor) => sub(probs, sum(mul(probs, share), 0, true));
  const across = correlation(mul(centred(p), scale), mul(centred(q), scale), 0);
  return {
    value: add(value, mul(sum(sub(1, across.value)), gamma / classes)),
    gradient: sub(gradient, mul(across.gradient, mul(scale, gamma / classes))),
  };
}

/** Cosine of centred vectors along an axis, and its derivative by the second ones. */
function correlation(teacher: Tensor, student: Tensor, axis: number): ValueAndGradient {
  const norm = (x: Tensor) => sqrt(sum(square(x), axis, true));
  const [teacherNorm, studentNorm] = [norm(teacher), norm(student)];
  const product = add(mul(teacherNorm, studentNorm), EPSILON);
  const value = div(sum(mul(teacher, student), axis, true), product);
  const along = div(mul(value, teacherNorm), maximum(studentNorm, LEAST_NORM));
  return { value, gradient: div(sub(teacher, mul(student, along)), product) };
}

/**
 * Distillation of relations among classes and among samples, `type: 'dist'`.
 *
 * @throws DistillError if an option is out of range.
 *
 * @example
 * dist({ beta: 1, gamma: 1, temperature: 1, weight: 2 });
 */
export const dist = defineCriterion({
  type: 'dist',
  options: z.strictObject({
    beta: z._default(knobSchema({ atLeast: 0 }), 1),
    gamma: z._default(knobSchema({ atLeast: 0 }), 1),
    temperature: z._default(knobSchema({ above: 0 }), 1),
    ...weightOptions(),
  }),
  create: ({ beta, gamma, temperature, ...weights }) => ({
    ...weighting(weights),
    coupled: true,
    requires: { sameOutputShape: true },
    compute: (ctx) =>
      distLoss(ctx.teacherOutputs.logits, ctx.studentOutputs.output, {
        beta: ctx.knob(beta, 'beta'),
        gamma: ctx.knob(gamma, 'gamma'),
        temperature: ctx.knob(temperature, 'temperature'),
        weights: ctx.batch.weights,
      }),
  }),
});
