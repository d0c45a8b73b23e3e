import { add, logSigmoid, mul, neg, sigmoid, sub, type Tensor } from '@tensorflow/tfjs-core';
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
export function bernoulliDivergence(
  teacherLogits: Tensor,
  studentLogits: Tensor,
  withFloor = true,
): ValueAndGradient {
  const excess = (t: Tensor, s: Tensor) =>
    withFloor ? sub(logSigmoid(t), logSigmoid(s)) : neg(logSigmoid(s));
  const [noTeacher, noStudent] = [neg(teacherLogits), neg(studentLogits)];
  const probs = sigmoid(teacherLogits);
  const yes = mul(probs, excess(teacherLogits, studentLogits));
  const no = mul(sigmoid(noTeacher), excess(noTeacher, noStudent));
  return { value: add(yes, no), gradient: sub(sigmoid(studentLogits), probs) };
}
