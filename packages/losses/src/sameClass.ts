import {
  argMax,
  cast,
  equal,
  expandDims,
  eye,
  greater,
  greaterEqual,
  max,
  mul,
  sub,
  type Tensor,
} from '@tensorflow/tfjs-core';

/**
 * Which samples of a batch are of one class: 1 for two different samples whose classes are known and the
 * same, else 0.
 *
 * @param labels Class numbers `[batch]`, −1 where there is no label, or distributions `[batch, classes]`, of which
 *   the most likely class counts.
 * @returns Float32 `[batch, batch]`; belongs to the caller's `tidy`.
 *
 * @example
 * sameClass(tensor1d([1, 0, 1, -1, -1], 'int32')); // 1 at [0, 2] and [2, 0], else 0
 */
export function sameClass(labels: Tensor): Tensor {
  const soft = labels.rank > 1;
  const numbers = soft ? argMax(labels, -1) : labels;
  const known = cast(soft ? greater(max(labels, -1), 0) : greaterEqual(labels, 0), 'float32');
  const same = cast(equal(expandDims(numbers, 0), expandDims(numbers, 1)), 'float32');
  return mul(mul(same, expandDims(known, 0)), sub(1, eye(labels.shape[0] ?? 1)));
}
