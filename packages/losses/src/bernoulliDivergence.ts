import { add, mul, neg, sigmoid, softplus, sub, type Tensor } from '@tensorflow/tfjs-core';
import { type ValueAndGradient } from './withGradient.js';

/**
 * KL divergence of yes-or-no probabilities given by their logits, elementwise:
 * `p · log(p / q) + (1 − p) · log((1 − p) / (1 − q))` with `p = σ(t)` and `q = σ(s)`.
 *
 * @param withFloor Without it the cross-entropy, which lacks the teacher's entropy. Default true.
 * @returns Value and its derivative by `s`, `q − p`.
 *
 * @example
 * bernoulliDivergence(scalar(0), scalar(2)).value; // 0.4338
 */
export function bernoulliDivergence(teacher: Tensor, student: Tensor, withFloor = true): ValueAndGradient {
  const probs = sigmoid(teacher);
  // log σ(x) = −softplus(−x)
  const excess = (t: Tensor, s: Tensor) => (withFloor ? sub(softplus(s), softplus(t)) : softplus(s));
  const [noTeacher, noStudent] = [neg(teacher), neg(student)];
  const yes = mul(probs, excess(noTeacher, noStudent));
  const no = mul(sigmoid(noTeacher), excess(teacher, student));
  return { value: add(yes, no), gradient: sub(sigmoid(student), probs) };
}
