import { clone, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { assertLogits } from './checks.js';
import { noGrad } from './noGrad.js';
import { reduce, type ReduceOptions, withoutMasked } from './reduction.js';
import { targetsOf } from './targets.js';

/** Unscaled logits of both models, `[…batch, classes]`. */
type Pair = readonly [teacherLogits: Tensor, studentLogits: Tensor];

/**
 * What all losses on two models' logits have in common: shapes are checked, samples of weight 0 are
 * emptied before anything is computed of them, the teacher is a constant of the tape, and the values of
 * the samples are reduced.
 *
 * @param where Name of the loss, for messages.
 * @param values Gives one value per sample `[…batch]` of both sides' logits `[…batch, classes]`.
 * @returns Scalar, or `[…batch]` with reduction `none`. The caller owns it.
 */
export function responseLoss(
  where: string,
  [teacherLogits, studentLogits]: Pair,
  options: ReduceOptions,
  values: (teacher: Tensor, student: Tensor) => Tensor,
): Scalar {
  const { weights } = options;
  assertLogits({ teacherLogits, studentLogits }, weights, where);
  return tidy(() => {
    const teacher = noGrad(() => clone(withoutMasked(teacherLogits, weights)));
    const student = withoutMasked(studentLogits, weights);
    return reduce(values(teacher, student), options, studentLogits.shape.at(-1) ?? 1) as Scalar;
  });
}

/**
 * The same for losses that know the true class. Samples without a label weigh nothing.
 *
 * @param labels Class numbers `[…batch]`, −1 where there is no label, or distributions `[…batch, classes]`.
 * @param values Also gets a mask `[…batch, classes]`: 1 at the true class.
 */
export function labelledLoss(
  where: string,
  labels: Tensor,
  logits: Pair,
  options: ReduceOptions,
  values: (teacher: Tensor, student: Tensor, target: Tensor) => Tensor,
): Scalar {
  const [teacherLogits, studentLogits] = logits;
  assertLogits({ teacherLogits, studentLogits }, options.weights, where);
  return tidy(() => {
    const { mask, weights } = targetsOf(labels, studentLogits, options.weights, where);
    return responseLoss(where, logits, { ...options, weights }, (teacher, student) =>
      values(teacher, student, mask),
    );
  });
}
