import { add, mul, neg, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { type Distribution, logSumExpBetween, logSumExpOf, softened } from './softened.js';
import { type ValueAndGradient } from './withGradient.js';

export interface SoftDivergence extends ValueAndGradient {
  /** Both sides' distributions, for what else is made of them. */
  readonly teacher: Distribution;
  readonly student: Distribution;
}

/**
 * `KL(softmax(t) ‖ softmax(s))` per sample, `[…batch, 1]`, and its derivative by `s`, `q − p`.
 *
 * @param teacher `[…batch, classes]`, divided by their temperature; likewise `student`.
 * @param withFloor Without it the cross-entropy, which lacks the teacher's entropy. Default true.
 *
 * @example
 * softDivergence(tensor2d([[0, 2]]), tensor2d([[2, 0]])).value; // [[1.5232]]
 */
export function softDivergence(teacher: Tensor, student: Tensor, withFloor = true): SoftDivergence {
  const [p, q] = [softened(teacher), softened(student)];
  // Σ p · (log p − log q), with log p = t − logSumExp(t)
  const excess = withFloor ? sub(teacher, student) : neg(student);
  const beyond = withFloor ? logSumExpBetween(q, p) : logSumExpOf(q);
  const value = add(sum(mul(p.probs, excess), -1, true), beyond);
  return { value, gradient: sub(q.probs, p.probs), teacher: p, student: q };
}
