import { customGrad, type Tensor } from '@tensorflow/tfjs-core';

/**
 * Computes something as a constant of the gradient tape: no gradient flows into what it is made of,
 * and the tape keeps none of its intermediate tensors. For the teacher's side, and for masks that are
 * read off the student, whose comparisons have no gradient at all.
 *
 * @param f Gives one tensor; runs in its own `tidy`.
 * @returns What `f` returned. Belongs to the caller's `tidy`.
 *
 * @example
 * const teacherProbs = noGrad(() => softmax(teacherLogits));
 */
export function noGrad<T extends Tensor>(f: () => T): T {
  // a node of the tape without inputs: backpropagation never reaches what is inside
  return customGrad(() => ({ value: f(), gradFunc: () => [] }))();
}
