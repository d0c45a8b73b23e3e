import { customGrad, mul, reshape, type Tensor } from '@tensorflow/tfjs-core';

/** A function's value and its derivative. */
export interface ValueAndGradient {
  /** One number per sample, `[…batch]`, or a scalar. */
  readonly value: Tensor;
  /** Derivative of each sample's value, of the argument's shape. */
  readonly gradient: Tensor;
}

/**
 * A value with its gradient in closed form: both are computed in one go, the tape keeps the gradient and
 * nothing else. Nothing that `f` closes over gets a gradient.
 *
 * @param x Argument, `[…batch, …]`.
 * @returns `f(x).value`, which the caller's `tidy` owns.
 *
 * @example
 * withGradient(x, (x) => ({ value: sum(square(x), -1), gradient: mul(x, 2) }));
 */
export function withGradient(x: Tensor, f: (x: Tensor) => ValueAndGradient): Tensor {
  return customGrad((input, save) => {
    const { value, gradient } = f(input as Tensor);
    (save as (tensors: Tensor[]) => void)([gradient]);
    const gradFunc = (dy: Tensor, [saved]: Tensor[]) => mul(spread(dy, x.rank), saved as Tensor);
    return { value, gradFunc };
  })(x);
}

/** Appends dimensions of 1, so that a number per sample multiplies all that belongs to the sample. */
export function spread(dy: Tensor, rank: number): Tensor {
  return dy.rank === 0 ? dy : reshape(dy, [...dy.shape, ...Array<number>(rank - dy.rank).fill(1)]);
}
