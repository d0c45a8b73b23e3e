import {
  customGrad,
  div,
  expandDims,
  mul,
  reshape,
  type Scalar,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { assertLogits, assertPositive } from './checks.js';
import {
  reduceBy,
  type ReduceOptions,
  type Reduction,
  type Shares,
  sharesOf,
  withoutMasked,
} from './reduction.js';
import { scaled } from './scaled.js';
import { assertLabels, labelledMask, targetMask } from './targets.js';
import { type ValueAndGradient } from './withGradient.js';

/** Unscaled logits of both models, `[…batch, classes]`. */
type Pair = readonly [teacherLogits: Tensor, studentLogits: Tensor];

/** One value per sample of both sides' softened logits, with its derivative by the student's. */
type Divergence = (teacher: Tensor, student: Tensor, target?: Tensor) => ValueAndGradient;

export interface SoftOptions extends ReduceOptions {
  /** Both sides' logits are divided by it, and the loss is multiplied by its square. Default 1. */
  readonly temperature?: number | undefined;
}

/**
 * What all losses on two models' logits have in common: shapes are checked, samples of weight 0 are
 * emptied before anything is computed of them, logits are softened, the values of the samples are
 * reduced, and all of it is one node of the tape, which keeps one tensor. The teacher gets no gradient.
 *
 * @param where Name of the loss, for messages.
 * @param divergence Gives one value per sample `[…batch, 1]` of both sides' logits divided by the
 *   temperature, `[…batch, classes]`, and its derivative by the student's.
 * @returns Scalar, or `[…batch]` with reduction `none`. The caller owns it.
 */
export function responseLoss(
  where: string,
  logits: Pair,
  options: SoftOptions,
  divergence: (teacher: Tensor, student: Tensor) => ValueAndGradient,
): Scalar {
  check(where, logits, options);
  return tidy(() => oneNode(logits, options, undefined, divergence));
}

/**
 * The same for losses that know the true class. Samples without a label weigh nothing.
 *
 * @param labels Class numbers `[…batch]`, −1 where there is no label, or distributions `[…batch, classes]`.
 * @param divergence Also gets a mask `[…batch, classes]`: 1 at the true class.
 */
export function labelledLoss(
  where: string,
  labels: Tensor,
  logits: Pair,
  options: SoftOptions,
  divergence: (teacher: Tensor, student: Tensor, target: Tensor) => ValueAndGradient,
): Scalar {
  const [, studentLogits] = logits;
  check(where, logits, options);
  assertLabels(labels, studentLogits, where);
  return tidy(() => oneNode(logits, options, labels, divergence as Divergence));
}

function check(
  where: string,
  [teacherLogits, studentLogits]: Pair,
  { temperature = 1, weights }: SoftOptions,
) {
  assertPositive({ temperature }, { where });
  assertLogits({ teacherLogits, studentLogits }, weights, where);
}

/** From the student's logits to the reduced loss. What is inside is off the tape. */
function oneNode(
  [teacherLogits, studentLogits]: Pair,
  { temperature = 1, reduction, weights }: SoftOptions,
  labels: Tensor | undefined,
  divergence: Divergence,
): Scalar {
  const { shape } = studentLogits;
  const classes = shape.at(-1) ?? 1;
  const soften = (logits: Tensor) => {
    const whole = withoutMasked(logits, weights);
    return temperature === 1 ? whole : div(whole, temperature);
  };
  return customGrad((logits, save) => {
    const target = labels && targetMask(labels, studentLogits);
    const counted = columnOf(weights, labels && target && labelledMask(labels, target));
    const shares = sharesOf({ reduction, weights: counted }, studentLogits.size / classes, classes);
    const byValue = times(shares, temperature); // T² of the loss, 1 / T of the softening
    const { value, gradient } = divergence(soften(teacherLogits), soften(logits as Tensor), target);
    (save as (tensors: Tensor[]) => void)([gradient, ...(typeof byValue === 'number' ? [] : [byValue])]);
    const total = reduced(value, byValue, temperature, reduction);
    return {
      value: reduction === 'none' ? reshape(total, shape.slice(0, -1)) : total,
      gradFunc: (dy: Tensor, [saved, factor]: Tensor[]) => {
        const each = reduction === 'none' ? expandDims(dy, -1) : dy;
        return mul(mul(each, factor ?? byValue), saved as Tensor);
      },
    };
  })(studentLogits) as Scalar;
}

/** What each sample counts for, `[…batch, 1]`. */
function columnOf(weights: Tensor | undefined, labelled: Tensor | undefined): Tensor | undefined {
  const column = weights && expandDims(weights, -1);
  return column && labelled ? mul(column, labelled) : (column ?? labelled);
}

function times(shares: Shares, factor: number): Shares {
  return typeof shares === 'number' ? shares * factor : scaled(shares, factor);
}

function reduced(values: Tensor, shares: Shares, factor: number, reduction: Reduction | undefined): Tensor {
  if (typeof shares === 'number') return reduceBy(values, shares * factor, reduction);
  return scaled(reduceBy(values, shares, reduction), factor);
}
