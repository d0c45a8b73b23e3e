import { add, conv2d, matMul, reshape, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { type Parameters } from './Parameters.js';

/** `linear` and `conv1x1` see one position at a time, `conv3x3` its neighbours too. */
export type ProjectionType = 'linear' | 'conv1x1' | 'conv3x3';

export interface ProjectionOptions {
  readonly type: ProjectionType;
  /** Channels before. */
  readonly from: number;
  /** Channels after. */
  readonly to: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Put in front of the variables' names, where a part has several. */
  readonly name?: string;
}

/**
 * A learned map of the channels: `x · kernel + bias` at every position, or a 3×3 convolution.
 *
 * @param parameters Takes the new variables.
 * @returns A function from `[batch, …sizes, from]` to `[batch, …sizes, to]`.
 */
export function projection(parameters: Parameters, options: ProjectionOptions): (x: Tensor) => Tensor {
  const { type, from, to, bias = true, name = '' } = options;
  const area = type === 'conv3x3' ? 9 : 1;
  const shape = type === 'conv3x3' ? [3, 3, from, to] : [from, to];
  const kernel = parameters.uniform(`${name}kernel`, shape, from * area, to * area);
  const offset = bias ? parameters.constant(`${name}bias`, [to], 0) : undefined;
  const convolve = (x: Tensor) => conv2d(x as Tensor4D, kernel as unknown as Tensor4D, 1, 'same');
  const multiply = (x: Tensor) =>
    reshape(matMul(reshape(x, [-1, from]), kernel), [...x.shape.slice(0, -1), to]); // on wasm convolutions have no gradient
  const apply = type === 'conv3x3' ? convolve : multiply;
  return (x) => (offset === undefined ? apply(x) : add(apply(x), offset));
}
