import {
  add,
  exp,
  expm1,
  log,
  logSoftmax,
  logSumExp,
  maximum,
  minimum,
  mul,
  neg,
  onesLike,
  range,
  reshape,
  type Scalar,
  scatterND,
  stack,
  sub,
  sum,
  type Tensor,
  tile,
  topk,
} from '@tensorflow/tfjs-core';
import { defineCriterion, expected, knobSchema, shapeMismatch } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertLogits, assertPositive, assertSameShape } from './checks.js';
import { SCALAR_REDUCTIONS, withoutMasked } from './reduction.js';
import { responseLoss, type SoftOptions } from './responseLoss.js';
import { scaled } from './scaled.js';
import { type Distribution, logSumExpBetween, logSumExpOf, softened } from './softened.js';
import { softenedOver } from './softenedOver.js';
import { weighting, weightOptions } from './weighting.js';
import { type ValueAndGradient } from './withGradient.js';

const TAILS = ['renormBoth', 'teacherOnly', 'tailBucket'] as const;
const TINY = 1e-37;

/** What is stored of a teacher that said too much: its most likely classes. */
export interface TopLogProbs {
  /** Class numbers `[…batch, k]`, int32, each once. */
  readonly indices: Tensor;
  /** Their log-probabilities among all classes, `[…batch, k]`. */
  readonly logProbs: Tensor;
  /** `T` that they were taken at. */
  readonly temperature: number;
}

export interface TopKKlOptions extends SoftOptions {
  /** Classes of the teacher that count; all of them where there are fewer. Stored outputs have their own. Default 64. */
  readonly k?: number;
  /**
   * What becomes of the other classes:
   * - `renormBoth`: both sides are distributions over the `k` alone; the student's tail is free;
   * - `teacherOnly`: the teacher is one over the `k`, the student over all, so that its tail is pushed to 0;
   * - `tailBucket`: the tail is one more event on both sides. Default.
   */
  readonly tail?: (typeof TAILS)[number];
}

/**
 * Soft-target loss on the teacher's `k` most likely classes: `T² · KL(p ‖ q)` per sample, then reduced.
 * Made for many classes, and for teachers of which only the top was stored.
 *
 * @param teacher Unscaled logits `[…batch, classes]`, or the stored top of them.
 * @param studentLogits Unscaled logits, `[…batch, classes]`.
 * @returns Non-negative scalar, or `[…batch]` with reduction `none`. The caller owns it. With
 *   `teacherOnly` the floor is `−T² · log` of what the student gives to the `k` classes.
 * @throws DistillError if shapes do not fit, `k` is no whole number above 0, or `tailBucket` meets an
 *   output stored at another temperature: how large its tail would be here cannot be known.
 *
 * @example
 * const [teacher, student] = [tensor2d([[2, 1, 0]]), tensor2d([[0, 1, 2]])];
 * topKKlLoss(teacher, student, { k: 2, tail: 'renormBoth' }); // 0.4621
 *
 * @see Anshumann et al., "Sparse Logit Sampling: Accelerating Knowledge Distillation in LLMs", https://arxiv.org/abs/2503.16870 (2025)
 */
export function topKKlLoss(
  teacher: Tensor | TopLogProbs,
  studentLogits: Tensor,
  options: TopKKlOptions = {},
): Scalar {
  const { k = 64, tail = 'tailBucket', temperature = 1, weights } = options;
  const where = 'topKKlLoss';
  assertPositive({ temperature }, { where });
  if (!(Number.isInteger(k) && k > 0)) throw expected('k', 'a whole number above 0', k, { where });
  if (isStored(teacher)) checkStored(teacher, studentLogits, { tail, temperature, weights });
  else assertLogits({ teacherLogits: teacher, studentLogits }, weights, where);
  const student = [studentLogits, studentLogits] as const; // the teacher is read below, dense or stored
  return responseLoss(where, student, { ...options, temperature }, (_, student) => {
    const top = isStored(teacher) ? teacher : topOf(withoutMasked(teacher, weights), k, temperature);
    const known = {
      ...top,
      indices: withoutMasked(top.indices, weights),
      logProbs: withoutMasked(top.logProbs, weights),
    };
    return divergence(known, student, tail, temperature);
  });
}

function isStored(teacher: Tensor | TopLogProbs): teacher is TopLogProbs {
  return 'logProbs' in teacher;
}

function checkStored(
  { indices, logProbs, temperature: taken }: TopLogProbs,
  studentLogits: Tensor,
  { tail, temperature, weights }: Pick<Required<TopKKlOptions>, 'tail' | 'temperature' | 'weights'>,
): void {
  const where = 'topKKlLoss';
  assertSameShape({ indices, logProbs }, { where });
  assertLogits({ studentLogits }, weights, where);
  const [ours, theirs] = [studentLogits.shape, logProbs.shape];
  if (theirs.slice(0, -1).join() !== ours.slice(0, -1).join() || (theirs.at(-1) ?? 0) > (ours.at(-1) ?? 0)) {
    const rule = 'stored classes for each sample of the student, at most as many as it has';
    throw shapeMismatch(rule, { logProbs: theirs, studentLogits: ours }, { where });
  }
  if (tail === 'tailBucket' && taken !== temperature) {
    const hint = 'Train at the temperature that was stored, or choose another `tail`.';
    throw expected('temperature', `${taken}, that of the stored outputs`, temperature, { where, hint });
  }
}

/** The `k` most likely classes of dense logits. */
function topOf(logits: Tensor, k: number, temperature: number): TopLogProbs {
  const scores = scaled(logits, 1 / temperature);
  const { values, indices } = topk(scores, Math.min(k, logits.shape.at(-1) ?? k));
  return { logProbs: sub(values, logSumExpOf(softened(scores))), indices, temperature };
}

/** One value per sample; its derivative by the student's softened logits is `q − p`, by the events of the tail mode. */
function divergence(
  { indices, logProbs, temperature: taken }: TopLogProbs,
  studentLogits: Tensor,
  tail: (typeof TAILS)[number],
  temperature: number,
): ValueAndGradient {
  const { shape } = studentLogits;
  const whole = logProbs.shape.at(-1) === shape.at(-1); // nothing is left for a tail
  const bucket = tail === 'tailBucket' && !whole;
  const logTeacher = bucket ? logProbs : logSoftmax(mul(logProbs, taken / temperature)); // […batch, k]
  const teacher = exp(logTeacher);
  const dense = scattered(teacher, indices, shape);
  const kept = scattered(onesLike(teacher), indices, shape);
  const student = tail === 'renormBoth' ? softenedOver(studentLogits, kept) : softened(studentLogits);
  const mass = sum(teacher, -1, true);
  const cross = sub(mul(mass, logSumExpOf(student)), sum(mul(dense, studentLogits), -1, true));
  const value = add(sum(mul(teacher, logTeacher), -1, true), cross);
  const gradient = sub(student.probs, dense);
  if (!bucket) return { value, gradient };
  const rest = tailOf(logTeacher, softenedOver(studentLogits, sub(1, kept)), student);
  return { value: add(value, rest.value), gradient: add(gradient, rest.gradient) };
}

/** The tail's part: `p · log(p / q)` of what both sides give to all other classes together. */
function tailOf(logTeacher: Tensor, others: Distribution, student: Distribution): ValueAndGradient {
  const mass = neg(expm1(minimum(logSumExp(logTeacher, -1, true), 0)));
  const excess = sub(log(maximum(mass, TINY)), logSumExpBetween(others, student));
  return { value: mul(mass, excess), gradient: neg(mul(mass, others.probs)) };
}

/** Puts values `[…batch, k]` at their classes, zeros elsewhere. */
function scattered(values: Tensor, indices: Tensor, shape: readonly number[]): Tensor {
  const [k = 1, classes = 1] = [values.shape.at(-1), shape.at(-1)];
  const rows = values.size / k;
  const row = tile(reshape(range(0, rows, 1, 'int32'), [rows, 1]), [1, k]);
  const places = stack([reshape(row, [-1]), reshape(indices, [-1])], 1);
  return reshape(scatterND(places, reshape(values, [-1]), [rows, classes]), [...shape]);
}

/**
 * Distillation on the teacher's most likely classes, `type: 'top-k-kl'`.
 *
 * @throws DistillError if an option is out of range.
 *
 * @example
 * topKKl({ k: 128, tail: 'tailBucket', temperature: 2 });
 */
export const topKKl = defineCriterion({
  type: 'top-k-kl',
  options: z.strictObject({
    k: z._default(z.int().check(z.gte(1)), 64),
    tail: z._default(z.enum(TAILS), 'tailBucket'),
    temperature: z._default(knobSchema({ above: 0 }), 1),
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    ...weightOptions(),
  }),
  create: ({ k, tail, temperature, reduction, ...weights }) => ({
    ...weighting(weights),
    requires: { sameOutputShape: true },
    compute: (ctx) =>
      topKKlLoss(ctx.teacherOutputs.top ?? ctx.teacherOutputs.logits, ctx.studentOutputs.output, {
        k,
        tail,
        temperature: ctx.knob(temperature, 'temperature'),
        reduction,
        weights: ctx.batch.weights,
      }),
  }),
});
