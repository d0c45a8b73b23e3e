import {
  add,
  cast,
  div,
  expandDims,
  eye,
  greater,
  matMul,
  maximum,
  mul,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  transpose,
} from '@tensorflow/tfjs-core';
import { sameClass } from './sameClass.js';
import { logSumExpOf, softened } from './softened.js';
import { throughUnit, type UnitRows } from './unitVectors.js';

/** What is taken off the scores of pairs that are not told apart: enough that nothing is left of them. */
export function leftOut(
  labels: Tensor | undefined,
  weights: Tensor | undefined,
  temperature: number,
): Tensor | number {
  const enough = 1e4 + 2 / temperature;
  const same = labels && sameClass(labels);
  const absent = weights && absentPairs(weights);
  if (same && absent) return mul(maximum(same, absent), enough);
  const left = same ?? absent;
  return left === undefined ? 0 : mul(left, enough);
}

/** 1 for pairs of different samples of which one weighs nothing. */
function absentPairs(weights: Tensor): Tensor {
  const present = cast(greater(weights, 0), 'float32');
  const both = mul(expandDims(present, 0), expandDims(present, 1));
  return mul(sub(1, both), sub(1, eye(weights.shape[0] ?? 1)));
}

export interface PairMatching {
  readonly temperature: number;
  /** Taken off the scores. */
  readonly left: Tensor | number;
  /** What each sample counts for: `[batch]`, or one number. */
  readonly shares: Tensor | number;
}

/**
 * Tells pairs apart by their cosines: half the cross-entropy of the scores' rows and half that of their columns to the
 * diagonal, and the derivatives by what both sides' unit vectors were made of.
 *
 * @returns Belong to the caller's `tidy`.
 */
export function matchPairs(
  [teacher, student]: readonly [UnitRows, UnitRows],
  { temperature, left, shares }: PairMatching,
) {
  const cosines = matMul(student.unit, teacher.unit, false, true);
  const scores = sub(div(cosines, temperature), left);
  const [rows, columns] = [softened(scores), softened(transpose(scores))];
  const confusion = mul(sum(add(logSumExpOf(rows), logSumExpOf(columns)), 1), 0.5);
  const diagonal = eye(scores.shape[0] ?? 1);
  const found = sum(mul(scores, diagonal), 1); // the very numbers of the softmax, so that a sure match is exactly 0
  const share = typeof shares === 'number' ? shares : expandDims(shares, 1);
  const spread = add(mul(rows.probs, share), transpose(mul(columns.probs, share)));
  const target = mul(diagonal, mul(share, 2));
  const slope = mul<Tensor2D>(sub(spread, target), 0.5 / temperature); // by the cosines
  return {
    value: sum(mul(sub(confusion, found), shares)),
    byStudent: throughUnit(matMul(slope, teacher.unit as Tensor2D), student),
    byTeacher: throughUnit(matMul(slope, student.unit as Tensor2D, true), teacher),
  };
}
