import {
  add,
  clone,
  concat,
  customGrad,
  div,
  grad,
  maximum,
  mean,
  mul,
  neg,
  reshape,
  type Scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { noGrad } from './noGrad.js';
import { entriesOf, sumSamples } from './samples.js';

/** One value per sample, `[batch]`, of a model's input, `[batch, …]`; no sample may look at another. */
export type SampleFunction = (x: Tensor) => Tensor;

/**
 * `∂f / ∂x`, sample by sample.
 *
 * @param x `[batch, …]`, float32.
 * @returns A constant of the gradient tape, of the shape of `x`; belongs to the caller's `tidy`.
 * @throws Error if `f` does not depend on `x` by operations that have gradients.
 *
 * @example
 * inputGradient((x) => sum(square(x), 1), tensor2d([[1, 2]])); // [[2, 4]]
 */
export function inputGradient(f: SampleFunction, x: Tensor): Tensor {
  const gradient = grad((input: Tensor) => sum(f(input)))(x);
  return noGrad(() => clone(gradient));
}

/**
 * Lets a loss of an input gradient be trained: gives its value a gradient to all that `f` depends on, by finite
 * differences.
 *
 * With `v` the loss's derivative by the input gradient, `∂loss/∂θ = ∂/∂θ ⟨v, ∂f/∂x⟩ ≈ ∂/∂θ Σ (f(x + h v) − f(x − h v)) / 2h`: one
 * forward pass of twice the batch, and gradients of first order alone. Those of second order cannot be
 * had of TF.js 4.22: operations whose gradient uses their output (softmax, exp, tanh, sigmoid, elu)
 * silently give wrong ones, pooling and depthwise convolutions none.
 *
 * @param loss Value of the loss, a constant.
 * @param v Of the shape of `x`.
 * @param step Length of `h v` relative to the inputs' root mean square: the error falls with its square, and
 *   rounding grows as it falls.
 * @returns Scalar of the same value; belongs to the caller's `tidy`.
 */
export function throughInputGradient(
  f: SampleFunction,
  x: Tensor,
  { loss, v, step }: { readonly loss: Scalar; readonly v: Tensor; readonly step: number },
): Scalar {
  const h = noGrad(() => stepSizes(x, v, step)); // [batch]
  const ends = noGrad(() => {
    const offset = mul(v, reshape(h, [-1, ...x.shape.slice(1).map(() => 1)]));
    return concat([add(x, offset), sub(x, offset)]);
  });
  const slope = div(0.5, h);
  const difference = sum(mul(f(ends), concat([slope, neg(slope)])));
  return customGrad(() => ({ value: clone(loss), gradFunc: (dy: Tensor) => dy }))(difference) as Scalar;
}

const SMALLEST = 1e-30;

function stepSizes(x: Tensor, v: Tensor, step: number): Tensor {
  const scale = maximum(sqrt(mean(square(x))), SMALLEST);
  const length = maximum(sqrt(sumSamples(square(v))), SMALLEST);
  return div(mul(scale, step * Math.sqrt(entriesOf(x))), length);
}
