import {
  abs,
  add,
  any,
  greater,
  log,
  logSoftmax,
  mean,
  mul,
  reshape,
  type Scalar,
  softmax,
  sub,
  sum,
  type Tensor,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { hintLoss } from '../hint.js';
import { kdLoss } from '../knowledgeDistillation.js';
import { noGrad } from '../noGrad.js';
import { reduce } from '../reduction.js';
import { type Compat } from './LossConfig.js';

export interface FeatureDistanceOptions {
  /** `[batch]`. */
  readonly weights?: Tensor | undefined;
  readonly compat: Compat;
  /** Whether the student's feature has been through a learned adapter. */
  readonly adapted: boolean;
}

/** Of two features of one shape, `[batch, …]`; the teacher's is a constant. Belongs to the caller's `tidy`. */
export type FeatureDistance = (teacher: Tensor, student: Tensor, options: FeatureDistanceOptions) => Scalar;

/** Intel Neural Compressor's distances between inner layers, by its names. */
export const FEATURE_DISTANCES = {
  MSE: (teacher, student, { weights }) => hintLoss(teacher, student, { weights }),
  L1: (teacher, student, { weights }) =>
    meanOver(
      abs(
        sub(
          student,
          noGrad(() => teacher.clone()),
        ),
      ),
      weights,
    ),
  KL: (teacher, student, options) =>
    options.compat === 'inc'
      ? guessedDivergence(teacher, student, options.adapted)
      : meanOver(kdLoss(teacher, student, { temperature: 1, reduction: 'none' }), options.weights),
} as const satisfies Record<string, FeatureDistance>;

export type FeatureDistanceName = keyof typeof FEATURE_DISTANCES;

/** The mean over all entries; samples by weight. */
function meanOver(values: Tensor, weights: Tensor | undefined): Scalar {
  const samples = values.shape[0] ?? 1;
  return reduce(mean(reshape(values, [samples, -1]), 1), { weights }, 1) as Scalar;
}

/**
 * Its KL as it is: features that do not look like probabilities (a sum that is off by more than 0.2
 * anywhere) are softened, the student's logarithm gets 1e-9, and the mean is over samples and entries.
 */
function guessedDivergence(teacher: Tensor, student: Tensor, adapted: boolean): Scalar {
  const target = noGrad(() => asProbabilities(teacher));
  const logs = adapted ? logSoftmax(student) : log(add(asProbabilities(student), 1e-9));
  const entropy = noGrad(() => mul(target, log(where(greater(target, 0), target, 1))));
  return mean(sub(entropy, mul(target, logs)));
}

function asProbabilities(x: Tensor): Tensor {
  const unlike = any(noGrad(() => greater(abs(sub(sum(x, -1), 1)), 0.2)));
  return where(unlike, softmax(x), add(x, zerosLike(x)));
}
