import { customGrad, div, mul, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { assertLogits, assertPositive } from './checks.js';
import { reduceBy, type ReduceOptions, type Shares, sharesOf, withoutMasked } from './reduction.js';
import { assertLabels, labelledMask, targetMask } from './targets.js';
import { spread, type ValueAndGradient } from './withGradient.js';

/** Unscaled logits of both models, `[…batch, classes]`. */
type Pair = readonly [teacherLogits: Tensor, studentLogits: Tensor];

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
  return tidy(() => oneNode(logits, options, options.weights, divergence));
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
  return tidy(() => {
    const target = targetMask(labels, studentLogits);
    const labelled = labelledMask(labels, studentLogits);
    const weights = options.weights === undefined ? labelled : mul(labelled, options.weights);
    return oneNode(logits, options, weights, (teacher, student) => divergence(teacher, student, target));
  });
}

function check(
  where: string,
  [teacherLogits, studentLogits]: Pair,
  { temperature = 1, weights }: SoftOptions,
) {
  assertPositive({ temperature }, { where });
  assertLogits({ teacherLogits, studentLogits }, weights, where);
}

/** From the student's logits to the reduced loss. Samples of weight 0 are emptied by the options' weights alone. */
function oneNode(
  [teacherLogits, studentLogits]: Pair,
  { temperature = 1, reduction, weights: given }: SoftOptions,
  weights: Tensor | undefined,
  divergence: (teacher: Tensor, student: Tensor) => ValueAndGradient,
): Scalar {
  const classes = studentLogits.shape.at(-1) ?? 1;
  const shares = sharesOf({ reduction, weights }, studentLogits.size / classes, classes);
  const soften = (logits: Tensor) => {
    const whole = withoutMasked(logits, given);
    return temperature === 1 ? whole : div(whole, temperature);
  };
  return customGrad((logits, save) => {
    const { value, gradient } = divergence(soften(teacherLogits), soften(logits as Tensor));
    const byValue = times(shares, temperature); // T² of the loss, 1 / T of the softening
    (save as (tensors: Tensor[]) => void)([gradient, ...(typeof byValue === 'number' ? [] : [byValue])]);
    return {
      value: reduceBy(value, times(shares, temperature ** 2), reduction),
      gradFunc: (dy: Tensor, [saved, factor]: Tensor[]) =>
        mul(spread(mul(dy, factor ?? byValue), studentLogits.rank), saved as Tensor),
    };
  })(studentLogits) as Scalar;
}

function times(shares: Shares, factor: number): Shares {
  if (factor === 1) return shares;
  return typeof shares === 'number' ? shares * factor : mul(shares, factor);
}
