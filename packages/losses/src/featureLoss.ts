import { clone, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { assertFeatures, type FeatureRule } from './assertFeatures.js';
import { noGrad } from './noGrad.js';
import { reduce, type ReduceOptions } from './reduction.js';
import { withoutMaskedSamples } from './sampleWeights.js';

/** What a loss says of each sample before it is reduced. */
export interface SampleValues {
  /** `[batch]`. */
  readonly values: Tensor;
  /** Entries that each value is a sum over; reduction `mean` divides by it. */
  readonly entries: number;
}

/**
 * What all losses on one pair of features have in common: shapes are checked, samples of weight 0 are
 * emptied before anything is computed of them, the teacher is a constant of the tape, and the values of
 * the samples are reduced.
 *
 * @param rule What the features must be.
 * @param values Compares teacher and student, `[batch, …]` each.
 * @returns Scalar, or `[batch]` with reduction `none`. The caller owns it.
 */
export function featureLoss(
  rule: FeatureRule,
  [teacherFeatures, studentFeatures]: readonly [teacher: Tensor, student: Tensor],
  options: ReduceOptions,
  values: (teacher: Tensor, student: Tensor) => SampleValues,
): Scalar {
  const { weights } = options;
  assertFeatures({ teacherFeatures, studentFeatures }, weights, rule);
  return tidy(() => {
    const teacher = noGrad(() => clone(withoutMaskedSamples(teacherFeatures, weights)));
    const student = withoutMaskedSamples(studentFeatures, weights);
    const { values: each, entries } = values(teacher, student);
    return reduce(each, options, entries) as Scalar;
  });
}
