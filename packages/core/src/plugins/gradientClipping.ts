import {
  addN,
  clipByValue,
  div,
  maximum,
  type NamedTensorMap,
  type Scalar,
  sqrt,
  square,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import * as z from 'zod/mini';
import { expected } from '../errors.js';
import { definePlugin } from '../hooks/definePlugin.js';

/**
 * Every number of every gradient into `[−limit, limit]`.
 *
 * @param limit Above 0.
 * @returns New tensors under the same names; the caller owns them.
 * @example
 * clipGradientValues({ w: tensor1d([3, -0.5]) }, 1); // { w: [1, -0.5] }
 */
export function clipGradientValues(grads: NamedTensorMap, limit: number): NamedTensorMap {
  return mapTensors(grads, (grad) => clipByValue(grad, -limit, limit));
}

/**
 * Each gradient by itself to a Euclidean norm of `limit` at most, its direction kept.
 *
 * @param limit Above 0.
 * @returns New tensors under the same names; the caller owns them.
 * @example
 * clipGradientNorms({ w: tensor1d([3, 4]) }, 1); // { w: [0.6, 0.8] }
 */
export function clipGradientNorms(grads: NamedTensorMap, limit: number): NamedTensorMap {
  return mapTensors(grads, (grad) => div(grad, excess(sqrt(sum<Scalar>(square(grad))), limit)));
}

/**
 * All gradients together to a Euclidean norm of `limit` at most: `g · limit / max(limit, ‖g‖)`. Keeps the
 * direction of the step.
 *
 * @param limit Above 0.
 * @returns New tensors under the same names; the caller owns them.
 * @example
 * clipGlobalNorm({ a: tensor1d([3]), b: tensor1d([4]) }, 1); // { a: [0.6], b: [0.8] }
 * @see Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks", https://arxiv.org/abs/1211.5063 (2013)
 */
export function clipGlobalNorm(grads: NamedTensorMap, limit: number): NamedTensorMap {
  return tidy(() => {
    const divisor = excess(globalNorm(grads), limit);
    return mapTensors(grads, (grad) => div(grad, divisor));
  });
}

/** Euclidean norm of all gradients as one vector. A scalar that the caller owns; 0 without gradients. */
export function globalNorm(grads: NamedTensorMap): Scalar {
  return tidy(() => {
    const squares = Object.values(grads).map((grad) => sum<Scalar>(square(grad)));
    return sqrt(squares.length === 0 ? 0 : addN(squares));
  });
}

/** By how much a norm is above its limit, 1 if it is not. */
const excess = (norm: Scalar, limit: number): Tensor => div(maximum(norm, limit), limit);

function mapTensors(grads: NamedTensorMap, f: (grad: Tensor) => Tensor): NamedTensorMap {
  return Object.fromEntries(Object.entries(grads).map(([name, grad]) => [name, tidy(() => f(grad))]));
}

const limit = z.optional(z.number().check(z.gt(0)));

/**
 * Bounds the gradients before the optimizer sees them, `type: 'gradient-clipping'`. Of several limits the one on
 * values applies first, then the one on each norm, then the one on the norm of all.
 *
 * @throws DistillError if no limit is given.
 * @example
 * gradientClipping({ globalNorm: 1 });
 */
export const gradientClipping = definePlugin({
  type: 'gradient-clipping',
  options: z.strictObject({
    /** Bound of each number. */
    value: limit,
    /** Bound of each variable's norm. */
    norm: limit,
    /** Bound of the norm of all together. */
    globalNorm: limit,
  }),
  create: ({ value, norm, globalNorm: together }) => {
    if (value === undefined && norm === undefined && together === undefined) {
      throw expected('value, norm, globalNorm', 'at least one number above 0', 'none', {
        where: 'gradient-clipping',
      });
    }
    return {
      traceable: true,
      onBeforeOptimizerStep: (grads) => {
        let clipped = grads;
        if (value !== undefined) clipped = clipGradientValues(clipped, value);
        if (norm !== undefined) clipped = clipGradientNorms(clipped, norm);
        if (together !== undefined) clipped = clipGlobalNorm(clipped, together);
        return clipped;
      },
    };
  },
});
