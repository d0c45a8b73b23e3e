import { add, concat, mul, sigmoid, slice, type Tensor } from '@tensorflow/tfjs-core';
import { batchNormalize, type Parameters, projection } from '@tfjs-distill/core';
import { nearestResize } from './nearestResize.js';

/** What a fusion gives: its comparison with the teacher, and what the next shallower one goes on from. */
export interface Reviewed {
  /** In the teacher's shape. */
  readonly output: Tensor;
  readonly review: Tensor;
}

export interface ReviewFusionOptions {
  /** Channels of the student's map. */
  readonly from: number;
  /** Channels that all fusions have in common. */
  readonly middle: number;
  /** Channels of the teacher's map. */
  readonly to: number;
  /** Whether a deeper fusion comes before it. */
  readonly fuses: boolean;
  readonly name: string;
}

/**
 * Attention-based fusion (ABF): a student's map and what the deeper ones left are weighed against each
 * other position by position.
 *
 * 1×1 convolution to the common channels; the deeper review, enlarged, joins by two sigmoid attention
 * maps; a 3×3 convolution gives the teacher's channels. Batch norm after both convolutions.
 *
 * @param parameters Takes the new variables.
 * @returns A function of the student's map `[batch, height, width, from]`, the deeper review, and the teacher's
 *   sizes.
 *
 * @see Chen, Liu, Zhao, Jia, "Distilling Knowledge via Knowledge Review", https://arxiv.org/abs/2104.09044 (2021)
 */
export function reviewFusion(
  parameters: Parameters,
  { from, middle, to, fuses, name }: ReviewFusionOptions,
): (x: Tensor, deeper: Tensor | undefined, sizes: readonly number[]) => Reviewed {
  const reduce = projection(parameters, {
    type: 'conv1x1',
    from,
    to: middle,
    bias: false,
    name: `${name}/reduce-`,
  });
  const normalizeReduced = batchNormalize(parameters, middle, `${name}/reduce-`);
  const expand = projection(parameters, {
    type: 'conv3x3',
    from: middle,
    to,
    bias: false,
    name: `${name}/expand-`,
  });
  const normalizeExpanded = batchNormalize(parameters, to, `${name}/expand-`);
  const attend = fuses
    ? projection(parameters, { type: 'conv1x1', from: 2 * middle, to: 2, name: `${name}/attention-` })
    : undefined;
  return (x, deeper, sizes) => {
    const reduced = normalizeReduced(reduce(x));
    const fused = attend && deeper ? fuse(reduced, deeper, attend) : reduced;
    const review = nearestResize(fused, sizes);
    return { output: normalizeExpanded(expand(review)), review };
  };
}

function fuse(x: Tensor, deeper: Tensor, attend: (x: Tensor) => Tensor): Tensor {
  const enlarged = nearestResize(deeper, x.shape.slice(1, -1));
  const attention = sigmoid(attend(concat([x, enlarged], -1))); // [batch, height, width, 2]
  const column = (i: number) => slice(attention, [0, 0, 0, i], [-1, -1, -1, 1]);
  return add(mul(x, column(0)), mul(enlarged, column(1)));
}
