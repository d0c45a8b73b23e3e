import {
  add,
  cast,
  div,
  greater,
  maximum,
  mean,
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
import { softened } from './softened.js';
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
    const loss = withGradient(rows(studentLogits), (logits) => {
      const shares = sharesOf(weights, logits.shape[0] ?? 1);
      return relations(rows(teacherLogits), logits, shares, { beta, gamma, temperature });
    });
    return mul<Scalar>(loss, temperature ** 2);
  });
}

interface Shares {
  /** Weights as parts of 1, `[samples, 1]`. */
  readonly share: Tensor | number;
  /** Root of the weight, relative to that of an average sample that counts. */
  readonly scale: Tensor | number;
}

function sharesOf(weights: Tensor | undefined, samples: number): Shares {
  if (weights === undefined) return { share: 1 / samples, scale: 1 };
  const column = reshape(weights, [-1, 1]);
  const counting = sum(cast(greater(column, 0), 'float32'));
  const share = div(column, maximum(sum(column), LEAST_NORM));
  return { share, scale: sqrt(mul(share, counting)) };
}

/** Both parts and the derivative by the logits. */
function relations(
  teacherLogits: Tensor,
  studentLogits: Tensor,
  { share, scale }: Shares,
  { beta, gamma, temperature }: { beta: number; gamma: number; temperature: number },
): ValueAndGradient {
  const [samples = 1, classes = 1] = studentLogits.shape;
  const [p, q] = [softened(teacherLogits, temperature).probs, softened(studentLogits, temperature).probs];
  const among = correlation(sub(p, mean(p, 1, true)), sub(q, mean(q, 1, true)), 1);
  let value = mul(sum(mul(sub(1, among.value), share)), beta);
  let byProbs = mul(mul(among.gradient, share), -beta);
  if (samples > 1) {
    const across = correlation(mul(centredOver(p, share), scale), mul(centredOver(q, share), scale), 0);
    value = add(value, mul(mean(sub(1, across.value)), gamma));
    byProbs = sub(byProbs, mul(mul(across.gradient, scale), gamma / classes));
  }
  const pull = mul(q, byProbs); // through the softmax: q · (g − Σ q · g) / T
  return { value, gradient: div(sub(pull, mul(q, sum(pull, 1, true))), temperature) };
}

function centredOver(probs: Tensor, share: Tensor | number): Tensor {
  return sub(probs, sum(mul(probs, share), 0, true));
}

/** Cosine of centred vectors along an axis, and its derivative by the second ones. */
function correlation(teacher: Tensor, student: Tensor, axis: number): ValueAndGradient {
  const norm = (x: Tensor) => sqrt(sum(square(x), axis, true));
  const [teacherNorm, studentNorm] = [norm(teacher), norm(student)];
  const product = add(mul(teacherNorm, studentNorm), EPSILON);
  const value = div(sum(mul(teacher, student), axis, true), product);
  const shrink = div(mul(value, teacherNorm), mul(product, maximum(studentNorm, LEAST_NORM)));
  return { value, gradient: sub(div(teacher, product), mul(student, shrink)) };
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
