import {
  div,
  logSoftmax,
  mean,
  mul,
  neg,
  type Scalar,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { hintLoss } from '../hint.js';
import { kdLoss } from '../knowledgeDistillation.js';
import { sampleWeights } from '../sampleWeights.js';

export interface ExitDistanceOptions {
  readonly temperature: number;
  /** `[…batch]`. */
  readonly weights?: Tensor | undefined;
}

/** Of a deeper exit, which teaches, and a shallower one, of one shape. Belongs to the caller's `tidy`. */
export type ExitDistance = (deeper: Tensor, shallower: Tensor, options: ExitDistanceOptions) => Scalar;

/**
 * The mended distances between exits: `T² · CE` and `T² · KL` as means over the samples, `L2` as the mean
 * over the samples of `Σ (s − t)²`. The deeper exit is a constant.
 */
export const EXIT_DISTANCES = {
  CE: (deeper, shallower, options) => kdLoss(deeper, shallower, { ...options, divergence: 'crossEntropy' }),
  KL: (deeper, shallower, options) => kdLoss(deeper, shallower, options),
  L2: (deeper, shallower, { weights }) =>
    hintLoss(deeper, shallower, { reduction: 'batchMean', weights: sampleWeights(weights) }),
} as const satisfies Record<string, ExitDistance>;

export type ExitDistanceName = keyof typeof EXIT_DISTANCES;

/**
 * Intel Neural Compressor's own: no `T²`, KL over samples and classes, `L2` the norm over the whole batch,
 * and a gradient into the deeper exit too.
 */
export const INC_EXIT_DISTANCES: Readonly<Record<ExitDistanceName, ExitDistance>> = {
  CE: (deeper, shallower, { temperature }) => {
    const [t, s] = [div(deeper, temperature), div(shallower, temperature)];
    return neg(mean(sum(mul(softmax(t), logSoftmax(s)), -1)));
  },
  KL: (deeper, shallower, { temperature }) => {
    const [t, s] = [div(deeper, temperature), div(shallower, temperature)];
    return mean(mul(softmax(t), sub(logSoftmax(t), logSoftmax(s))));
  },
  L2: (deeper, shallower) => sqrt(sum(square(sub(shallower, deeper)))),
};
