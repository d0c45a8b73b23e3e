import {
  add,
  cast,
  expandDims,
  eye,
  greater,
  matMul,
  maximum,
  mean,
  mul,
  sub,
  sum,
  square,
  type Tensor,
  type Tensor2D,
} from '@tensorflow/tfjs-core';

/** How the samples of a batch lie to each other: all that losses on distances and angles need of them. */
export interface PairGeometry {
  /** The samples around their mean, `[batch, d]`: nothing but differences counts, and small numbers lose fewer digits. */
  readonly centred: Tensor2D;
  /** `⟨eᵢ, eⱼ⟩`, `[batch, batch]`. */
  readonly gram: Tensor2D;
  /** `‖eᵢ‖²`, `[batch, 1]`. */
  readonly squares: Tensor;
  /** `‖eᵢ − eⱼ‖²` but at least 1e-12, so that roots and quotients have gradients. */
  readonly squaredDistances: Tensor;
  /** 1 for two samples, 0 for a sample with itself. */
  readonly others: Tensor2D;
}

const SMALLEST = 1e-12;

/**
 * All from one matrix product: `‖eᵢ − eⱼ‖² = ‖eᵢ‖² + ‖eⱼ‖² − 2 ⟨eᵢ, eⱼ⟩`.
 *
 * @param x One vector per sample, `[batch, d]`.
 * @returns Belongs to the caller's `tidy`.
 */
export function pairGeometry(x: Tensor): PairGeometry {
  const centred = sub<Tensor2D>(x, mean(x, 0, true));
  const gram = matMul<Tensor2D>(centred, centred, false, true);
  const squares = sum(square(centred), 1, true);
  const sums = add(squares, expandDims(sum(squares, 1), 0));
  const squaredDistances = maximum(sub(sums, mul(gram, 2)), SMALLEST);
  const others = sub<Tensor2D>(1, eye(x.shape[0] ?? 1));
  return { centred, gram, squares, squaredDistances, others };
}

/** 1 for pairs that lie `ratio` apart, measured by their squared lengths, else 0: nearer ones are rounding. */
export function apart({ squares, squaredDistances, others }: PairGeometry, ratio: number): Tensor {
  const sums = add(squares, expandDims(sum(squares, 1), 0));
  return mul(others, cast(greater(squaredDistances, maximum(mul(sums, ratio), SMALLEST)), 'float32'));
}

/**
 * Gradient to the samples of something that depends on the squared distances.
 *
 * @param slopes Derivative by `‖eᵢ − eⱼ‖²`, `[batch, batch]`, symmetric.
 * @returns `4 Σⱼ slopeᵢⱼ (eᵢ − eⱼ)`, `[batch, d]`: one more matrix product.
 */
export function pullApart(slopes: Tensor, { centred }: PairGeometry): Tensor {
  return mul(sub(mul(sum(slopes, 1, true), centred), matMul(slopes as Tensor2D, centred)), 4);
}
