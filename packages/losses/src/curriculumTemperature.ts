import {
  add,
  customGrad,
  div,
  mul,
  reshape,
  type Scalar,
  scalar,
  sigmoid,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
  variable,
  type Variable,
} from '@tensorflow/tfjs-core';
import { defineCriterion, knobSchema, type Schedule } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertLogits, assertTensors } from './checks.js';
import { reduceBy, type ReduceOptions, SCALAR_REDUCTIONS, sharesOf, withoutMasked } from './reduction.js';
import { logSumExpBetween, logSumExpOf, softened } from './softened.js';
import { weighting, weightOptions } from './weighting.js';
import { spread } from './withGradient.js';

export interface CurriculumTemperatureOptions extends ReduceOptions {
  /** What the gradient of `parameter` is multiplied by: 0 holds the temperature, −1 makes it work against the student. Default −1. */
  readonly reversal?: number;
  /** Least temperature, above 0. Default 1. */
  readonly start?: number;
  /** How far it may rise above the least. Default 20. */
  readonly range?: number;
}

/**
 * Soft-target loss whose temperature is learned against the student:
 * `τ² · KL(softmax(t / τ) ‖ softmax(s / τ))` per sample with `τ = start + range · σ(parameter)`, then
 * reduced. The gradient of `parameter` is multiplied by `reversal`, so that the same optimizer step
 * makes the student better and the task harder.
 *
 * @param teacherLogits Unscaled logits, `[…batch, classes]`.
 * @param studentLogits Unscaled logits, same shape and order of classes.
 * @param parameter Scalar, trainable; 1 gives `τ = 15.6` with the defaults.
 * @returns Non-negative scalar, or `[…batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes differ.
 *
 * @example
 * // parameter 0 is τ = 1 + 2 · 0.5 = 2
 * curriculumTemperatureLoss(tensor2d([[0, 2]]), tensor2d([[2, 0]]), scalar(0), { range: 2 }); // 1.8485
 *
 * @see Li et al., "Curriculum Temperature for Knowledge Distillation", https://arxiv.org/abs/2211.16231 (2023)
 */
export function curriculumTemperatureLoss(
  teacherLogits: Tensor,
  studentLogits: Tensor,
  parameter: Tensor,
  options: CurriculumTemperatureOptions = {},
): Scalar {
  const { reversal = -1, start = 1, range = 20, reduction, weights } = options;
  const where = 'curriculumTemperatureLoss';
  assertTensors({ parameter }, { where });
  assertLogits({ teacherLogits, studentLogits }, weights, where);
  return tidy(() => {
    const classes = studentLogits.shape.at(-1) ?? 1;
    const shares = sharesOf(options, studentLogits.size / classes, classes);
    const teacher = withoutMasked(teacherLogits, weights);
    return customGrad((...args) => {
      const [logits, parameter, save] = args as unknown as [Tensor, Tensor, (saved: Tensor[]) => void];
      const part = sigmoid(parameter);
      const temperature = add(mul(part, range), start);
      const { value, gradient, byTemperature } = atTemperature(
        teacher,
        withoutMasked(logits, weights),
        temperature,
      );
      const slope = mul(mul(part, sub(1, part)), range * reversal); // of the temperature by the parameter
      save([gradient, mul(byTemperature, slope), ...(typeof shares === 'number' ? [] : [shares])]);
      const gradFunc = (dy: Tensor, [byLogits, byParameter, weight = shares as never]: Tensor[]) => {
        const each = mul(dy, weight);
        return [
          mul(spread(each, logits.rank), byLogits as Tensor),
          reshape(sum(mul(each, byParameter as Tensor)), parameter.shape),
        ];
      };
      return { value: reduceBy(value, shares, reduction), gradFunc };
    })(studentLogits, parameter) as Scalar;
  });
}

/** `τ² · KL` per sample, its derivative by the student's logits and, per sample, by `τ`. */
function atTemperature(teacherLogits: Tensor, studentLogits: Tensor, temperature: Tensor) {
  const [teacher, student] = [div(teacherLogits, temperature), div(studentLogits, temperature)];
  const [p, q] = [softened(teacher), softened(student)];
  const excess = sub(teacher, student);
  const expected = sum(mul(p.probs, excess), -1, true);
  const divergence = sum(add(expected, logSumExpBetween(q, p)), -1); // […batch]
  const difference = sub(q.probs, p.probs);
  const covariance = sum(mul(mul(p.probs, sub(teacher, logSumExpOf(p))), sub(excess, expected)), -1);
  const change = add(covariance, sum(mul(difference, sub(student, logSumExpOf(q))), -1)); // −τ times the derivative of KL
  return {
    value: mul(divergence, square(temperature)),
    gradient: mul(difference, temperature),
    byTemperature: mul(sub(mul(divergence, 2), change), temperature),
  };
}

/** From 0 to −1 along half a cosine over the first 10 epochs, as the authors do it. */
const REVERSAL: Schedule = ({ epoch }) => (Math.cos((Math.PI * Math.min(epoch, 10)) / 10) - 1) / 2;

/**
 * Curriculum temperature, `type: 'ctkd'`: one temperature for all samples, trained beside the student.
 *
 * @throws DistillError if an option is out of range.
 *
 * @example
 * curriculumTemperature({ start: 1, range: 20, reversal: { type: 'cosine', from: 0, to: -1 } });
 */
export const curriculumTemperature = defineCriterion({
  type: 'ctkd',
  options: z.strictObject({
    start: z._default(z.number().check(z.gt(0)), 1),
    range: z._default(z.number().check(z.gte(0)), 20),
    initial: z._default(z.number(), 1),
    reversal: z.optional(knobSchema({ atMost: 0 })), // REVERSAL, which JSON has no name for
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    ...weightOptions(),
  }),
  create: ({ start, range, initial, reversal = REVERSAL, reduction, ...weights }) => {
    let parameter: Variable | undefined;
    return {
      ...weighting(weights),
      requires: { sameOutputShape: true },
      get variables() {
        return parameter === undefined ? [] : [parameter];
      },
      prepare() {
        parameter ??= tidy(() => variable(scalar(initial)));
      },
      compute: (ctx) =>
        curriculumTemperatureLoss(ctx.teacherOutputs.logits, ctx.studentOutputs.output, parameter as Tensor, {
          start,
          range,
          reversal: ctx.knob(reversal, 'reversal'),
          reduction,
          weights: ctx.batch.weights,
        }),
      dispose() {
        parameter?.dispose();
        parameter = undefined;
      },
    };
  },
});
