import { add, mean, mul, reshape, type Scalar, square, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import {
  adaptiveAveragePool,
  defineCriterion,
  DistillError,
  expected,
  featureShape,
  Parameters,
  type PrepareContext,
  shapeMismatch,
  type TrainedPart,
  TrainedParts,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { featureOptions, pairedLayers, pairsOf, sumOf, withExtras } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { type ReduceOptions } from './reduction.js';
import { type Reviewed, reviewFusion } from './reviewFusion.js';
import { flattened } from './samples.js';
import { sampleWeights } from './sampleWeights.js';

/** Sizes that maps are pooled to beside their own. */
const LEVELS = [4, 2, 1];

/**
 * Hierarchical context loss: the mean squared difference of two maps at their own size and average-pooled
 * to 4×4, 2×2 and 1×1, with weights 1, ½, ¼, ⅛ that are divided by their sum, per sample, then reduced;
 * summed over the pairs of maps. Levels that are no smaller than the map are left out.
 *
 * @param teacherFeatures Maps `[batch, height, width, channels]`, or vectors `[batch, channels]`.
 * @param studentFeatures As many, of the same shapes.
 * @param options `weights` are `[batch]`.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the lists differ in length or a pair in shape.
 *
 * @example
 * const [t, s] = [tensor4d([[[[0], [0]], [[0], [0]]]]), tensor4d([[[[2], [0]], [[0], [2]]]])];
 * reviewKdLoss([t], [s]); // 2 at 2×2, 1 at 1×1: (2 + ½ · 1) / 1½ = 1.6667
 *
 * @see Chen, Liu, Zhao, Jia, "Distilling Knowledge via Knowledge Review", https://arxiv.org/abs/2104.09044 (2021)
 */
export function reviewKdLoss(
  teacherFeatures: readonly Tensor[],
  studentFeatures: readonly Tensor[],
  options: ReduceOptions = {},
): Scalar {
  const where = 'reviewKdLoss';
  if (teacherFeatures.length !== studentFeatures.length || teacherFeatures.length === 0) {
    throw expected('studentFeatures', `a list of ${teacherFeatures.length} maps`, studentFeatures.length, {
      where,
    });
  }
  return tidy(() =>
    sumOf(
      studentFeatures.map((student, i) =>
        featureLoss({ same: 'shape', where }, [teacherFeatures[i] as Tensor, student], options, (t, s) => ({
          values: hierarchy(sub(s, t)),
          entries: 1,
        })),
      ),
    ),
  );
}

/** Pooling is linear, so that one pyramid of the difference does for both sides. */
function hierarchy(difference: Tensor): Tensor {
  const sizes = difference.shape.slice(1, -1);
  const levels = sizes.length === 0 ? [] : LEVELS.filter((level) => level < Math.min(...sizes));
  const meanSquare = (x: Tensor) => mean(square(flattened(x)), 1);
  const pooled = levels.map((level, i) =>
    mul(
      meanSquare(
        adaptiveAveragePool(
          difference,
          sizes.map(() => level),
        ),
      ),
      2 ** -(i + 1),
    ),
  );
  const total = 2 - 2 ** -levels.length; // 1 + ½ + ¼ + …
  return mul(
    pooled.reduce((sum, level) => add(sum, level), meanSquare(difference)),
    1 / total,
  );
}

/** The student's path of review: one fusion a layer, from the deepest to the shallowest. */
interface ReviewPath extends TrainedPart {
  /** @returns One output a layer, in the order of the layers, in the teacher's shapes. */
  review(student: readonly Tensor[], teacher: readonly Tensor[]): Tensor[];
}

function reviewPath(
  channels: readonly { from: number; to: number }[],
  most: number,
  seed: number,
): ReviewPath {
  const parameters = new Parameters('review-kd', seed);
  const deepest = channels.length - 1;
  const middle = Math.min(most, channels[deepest]?.from ?? most);
  const fusions = channels.map((pair, i) =>
    reviewFusion(parameters, { ...pair, middle, fuses: i < deepest, name: `layer${i + 1}` }),
  );
  return {
    variables: parameters.variables,
    dispose: () => parameters.dispose(),
    review: (student, teacher) => {
      const outputs: Tensor[] = [];
      let last: Reviewed | undefined;
      for (const [i, fuse] of [...fusions.entries()].reverse()) {
        const [ours, theirs] = [student[i] as Tensor, teacher[i] as Tensor];
        const reviewed = fuse(asMap(ours), last?.review, asMap(theirs).shape.slice(1, -1));
        outputs.unshift(reshape(reviewed.output, theirs.shape));
        last = reviewed;
      }
      return outputs;
    },
  };
}

/** A vector is a map of one position. */
function asMap(x: Tensor): Tensor {
  return x.rank === 2 ? reshape(x, [x.shape[0] ?? 1, 1, 1, x.shape[1] ?? 1]) : x;
}

function channelsOf(
  layers: { readonly student: readonly string[]; readonly teacher: readonly string[] },
  { student, teacher }: PrepareContext,
): { from: number; to: number }[] {
  if (teacher === undefined) throw new DistillError('OPTION', 'Criterion "review-kd" needs a teacher.');
  return layers.student.map((layer, i) => {
    const [ours, theirs] = [featureShape(student, layer), featureShape(teacher, layers.teacher[i] ?? layer)];
    const [from, to] = [ours.at(-1), theirs.at(-1)];
    const fits = [ours, theirs].every(({ length }) => length === 2 || length === 4);
    if (fits && typeof from === 'number' && typeof to === 'number') return { from, to };
    throw shapeMismatch(
      'maps or vectors of known channels',
      { student: ours, teacher: theirs },
      { where: 'review-kd' },
    );
  });
}

/**
 * Knowledge review, `type: 'review-kd'`: each of the teacher's stages is compared with the student's stage of
 * the same depth and all deeper ones, fused on the way up by learned attention.
 *
 * Layers go from shallow to deep; the last is usually the pooled vector. Couples samples by its batch
 * norms. The authors' code warms the weight up over 20 epochs: give `weight` a `warmUp` schedule.
 *
 * @throws DistillError if a layer is missing, or one is neither a map nor a vector.
 *
 * @example
 * const layers = ['stage1', 'stage2', 'stage3', 'pool'];
 * reviewKd({ student: layers, teacher: layers }); // weight 1; 5 for pairs of alike networks on CIFAR-100
 */
export const reviewKd = defineCriterion({
  type: 'review-kd',
  options: z
    .strictObject({
      ...featureOptions(1),
      maxChannels: z._default(z.int().check(z.gte(1)), 512),
      seed: z._default(z.int(), 0),
      reduction: z._default(z.enum(['batchMean', 'sum']), 'batchMean'),
    })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { maxChannels, seed, reduction } = options;
    const parts = new TrainedParts('review-kd', function* (context) {
      yield reviewPath(channelsOf(options, context), maxChannels, seed);
    });
    return withExtras(
      options,
      (ctx) => {
        const pairs = pairsOf(options, ctx);
        const teacher = pairs.map(([theirs]) => theirs);
        const student = parts.at(0).review(
          pairs.map(([, ours]) => ours),
          teacher,
        );
        return reviewKdLoss(teacher, student, { reduction, weights: sampleWeights(ctx.batch.weights) });
      },
      { parts, coupled: true },
    );
  },
});
