import { type Tensor, type Variable } from '@tensorflow/tfjs-core';

/**
 * How a feature gets another shape.
 *
 * - `auto`: the least that fits: sizes by pooling down and resizing up, channels by a learned projection.
 * - `identity`: nothing; the shapes must agree.
 * - `linear`, `conv1x1`: a learned projection of the channels even where they agree; sizes as in `auto`.
 * - `conv3x3`: the same for maps, each position seeing its neighbours.
 * - `pool`, `resize`: sizes only, by averages or bilinearly; nothing is learned.
 */
export type AdapterKind = (typeof ADAPTER_KINDS)[number];
export const ADAPTER_KINDS = ['auto', 'identity', 'linear', 'conv1x1', 'conv3x3', 'pool', 'resize'] as const;

/** Takes a feature of one shape to another. Its variables are trained beside the student, never exported. */
export interface Adapter {
  readonly variables: readonly Variable[];
  /**
   * The feature in the new shape. Belongs to the caller's `tidy`; gradients flow through.
   *
   * @param weights `[batch]`: samples of weight 0 count for nothing in a batch normalisation.
   */
  apply(x: Tensor, weights?: Tensor): Tensor;
  /** In words, for reports: "average pooling to 4×4, then 1×1 convolution 16 → 32". */
  describe(): string;
  dispose(): void;
}
