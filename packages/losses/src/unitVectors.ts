import {
  cast,
  customGrad,
  greater,
  maximum,
  mul,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';

/** Rows divided by their lengths. */
export interface UnitRows {
  /** The shape of the rows; 0 where a row has no length. */
  readonly unit: Tensor;
  /** What each row was multiplied by, `[…, 1]`; 0 where it has no length. */
  readonly scale: Tensor;
}

const SMALLEST = 1e-12;

/**
 * Each row divided by its L2 norm. A row without a length stays 0 and gets no gradient, which would be
 * infinite.
 *
 * @param x `[…, d]`.
 * @returns The shape of `x`; gradients flow through. Belongs to the caller's `tidy`.
 *
 * @example
 * unitVectors(tensor2d([[3, 4], [0, 0]])); // [[0.6, 0.8], [0, 0]]
 */
export function unitVectors(x: Tensor): Tensor {
  return customGrad((input, save) => {
    const { unit, scale } = unitRows(input as Tensor);
    (save as (tensors: Tensor[]) => void)([unit, scale]);
    const gradFunc = (dy: Tensor, [saved, by]: Tensor[]) =>
      throughUnit(dy, { unit: saved as Tensor, scale: by as Tensor });
    return { value: unit, gradFunc };
  })(x);
}

/** The same for use inside closed gradients. */
export function unitRows(x: Tensor): UnitRows {
  const squares = sum(square(x), -1, true);
  const scale = mul(cast(greater(squares, SMALLEST), 'float32'), rsqrt(maximum(squares, SMALLEST)));
  return { unit: mul(x, scale), scale };
}

/** Takes a gradient by the unit rows back to what they were made of: only what is at right angles moves them. */
export function throughUnit(gradient: Tensor, { unit, scale }: UnitRows): Tensor {
  return mul(sub(gradient, mul(unit, sum(mul(unit, gradient), -1, true))), scale);
}
