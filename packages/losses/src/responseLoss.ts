import { customGrad, div, mul, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
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
import { spread, type ValueAndGradient } from './withGradient.js';

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
 * @param divergence Gives one value per sample `[…batch]` of both sides' logits divided by the
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
  const classes = studentLogits.shape.at(-1) ?? 1;
  const soften = (logits: Tensor) => {
    const whole = withoutMasked(logits, weights);
    return temperature === 1 ? whole : div(whole, temperature);
  };
  return customGrad((logits, save) => {
    const target = labels && targetMask(labels, studentLogits);
    const counted = labels && target ? labelledWeights(labels, target, weights) : weights;
    const shares = sharesOf({ reduction, weights: counted }, studentLogits.size / classes, classes);
    const byValue = times(shares, temperature); // T² of the loss, 1 / T of the softening
    const { value, gradient } = divergence(soften(teacherLogits), soften(logits as Tensor), target);
    (save as (tensors: Tensor[]) => void)([gradient, ...(typeof byValue === 'number' ? [] : [byValue])]);
    return {
      value: reduced(value, byValue, temperature, reduction),
      gradFunc: (dy: Tensor, [saved, factor]: Tensor[]) =>
        mul(spread(mul(dy, factor ?? byValue), studentLogits.rank), saved as Tensor),
    };
  })(studentLogits) as Scalar;
}

function labelledWeights(labels: Tensor, target: Tensor, weights: Tensor | undefined): Tensor {
  const labelled = labelledMask(labels, target);
  return weights === undefined ? labelled : mul(labelled, weights);
}

function times(shares: Shares, factor: number): Shares {
  return typeof shares === 'number' ? shares * factor : scaled(shares, factor);
}

function reduced(values: Tensor, shares: Shares, factor: number, reduction: Reduction | undefined): Tensor {
  if (typeof shares === 'number') return reduceBy(values, shares * factor, reduction);
  return scaled(reduceBy(values, shares, reduction), factor);
}
