import {
  cast,
  clone,
  div,
  expandDims,
  greater,
  maximum,
  outerProduct,
  type Scalar,
  square,
  sum,
  type Tensor,
  type Tensor1D,
  tidy,
} from '@tensorflow/tfjs-core';
import { assertFeatures } from './assertFeatures.js';
import { noGrad } from './noGrad.js';
import { flattened } from './samples.js';
import { withoutMaskedSamples } from './sampleWeights.js';

export interface RelationOptions {
  /** `mean` over all pairs of samples, or their `sum`. Default `mean`. */
  readonly reduction?: 'mean' | 'sum' | undefined;
  /** Weight of each sample, `[batch]`, ≥ 0; a pair weighs the product. Default 1. */
  readonly weights?: Tensor | undefined;
}

/** How much a pair of samples counts. */
export interface PairWeights {
  /** Factor of each pair's value in the result, `[batch, batch]` or one for all. */
  readonly factor: Tensor | number;
  /** 1 for samples that count at all, else 0, `[1, batch]`; `undefined` where all do. */
  readonly present: Tensor | undefined;
}

/**
 * What losses that compare the samples of a batch with each other have in common: features become one
 * vector per sample, samples of weight 0 are emptied, the teacher is a constant of the tape.
 *
 * @param compare Gets teacher and student, `[batch, d]` each with a `d` of its own.
 * @returns Scalar. The caller owns it.
 */
export function relationLoss(
  where: string,
  [teacherFeatures, studentFeatures]: readonly [teacher: Tensor, student: Tensor],
  { reduction = 'mean', weights }: RelationOptions,
  compare: (teacher: Tensor, student: Tensor, pairs: PairWeights) => Scalar,
): Scalar {
  assertFeatures({ teacherFeatures, studentFeatures }, weights, { same: 'batch', where });
  return tidy(() => {
    const teacher = noGrad(() => clone(flattened(withoutMaskedSamples(teacherFeatures, weights))));
    const student = flattened(withoutMaskedSamples(studentFeatures, weights));
    return compare(teacher, student, pairWeights(weights, reduction, student.shape[0]));
  });
}

function pairWeights(weights: Tensor | undefined, reduction: 'mean' | 'sum', batch: number): PairWeights {
  if (weights === undefined) return { factor: reduction === 'sum' ? 1 : 1 / batch ** 2, present: undefined };
  const present = expandDims(cast(greater(weights, 0), 'float32'), 0);
  const products = outerProduct(weights as Tensor1D, weights as Tensor1D);
  if (reduction === 'sum') return { factor: products, present };
  return { factor: div(products, maximum(square(sum(weights)), SMALLEST)), present };
}

const SMALLEST = 1e-12; // a batch of nothing but left-out samples is 0, not 0 / 0
