import {
  add,
  greater,
  logSoftmax,
  logSumExp,
  max,
  mul,
  softmax,
  stack,
  type Tensor,
  tidy,
  where,
} from '@tensorflow/tfjs-core';

/** Logits of one teacher, `[…batch, classes]`, and its share, above 0; shares sum to 1. */
export interface WeightedLogits {
  readonly logits: Tensor;
  readonly weight: number;
}

/**
 * `Σ wᵢ zᵢ`: a geometric mean of the teachers' distributions. What teachers were trained with moves their logits'
 * scale, so a teacher of large logits outvotes the others.
 *
 * @returns Logits of the same shape. The caller owns them.
 */
export function averageLogits(teachers: readonly WeightedLogits[]): Tensor {
  return tidy(() =>
    teachers.map(({ logits, weight }) => mul(logits, weight)).reduce((total, part) => add(total, part)),
  );
}

/**
 * Logits whose softened distribution is the mean of the teachers' softened ones: `T · log Σ wᵢ softmax(zᵢ / T)`,
 * computed in log space.
 *
 * @param temperature The one that the criterion divides by, for the mean to be exact there. Default 1.
 * @returns Logits of the same shape. The caller owns them.
 *
 * @example
 * // one teacher sure of class 0, one of class 1: half and half, whatever the size of their logits
 * averageProbabilities([{ logits: tensor2d([[9, -9]]), weight: 0.5 }, { logits: tensor2d([[-3, 3]]), weight: 0.5 }]);
 */
export function averageProbabilities(teachers: readonly WeightedLogits[], temperature = 1): Tensor {
  return tidy(() => {
    const logs = teachers.map(({ logits, weight }) =>
      add(logSoftmax(mul(logits, 1 / temperature)), Math.log(weight)),
    );
    return mul(logSumExp(stack(logs), 0), temperature);
  });
}

/**
 * For each sample the logits of the teacher that is surest of it: the highest `wᵢ · max softmax(zᵢ)`; of equals the first.
 *
 * @returns Logits of the same shape. The caller owns them.
 */
export function mostConfident(teachers: readonly WeightedLogits[]): Tensor {
  return tidy(() => {
    const rated = teachers.map(({ logits, weight }) => ({
      logits,
      sureness: mul(max(softmax(logits), -1, true), weight),
    }));
    return rated.reduce((best, next) => {
      const better = greater(next.sureness, best.sureness);
      return {
        logits: where(better, next.logits, best.logits),
        sureness: where(better, next.sureness, best.sureness),
      };
    }).logits;
  });
}
