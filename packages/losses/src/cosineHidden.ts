import {
  add,
  expandDims,
  mul,
  ones,
  reshape,
  rsqrt,
  type Scalar,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { averageAxis, defineCriterion, featureAdapters, shapeMismatch } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertFeatures } from './assertFeatures.js';
import { adapterOptions, featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { flattened } from './samples.js';
import { sampleWeights } from './sampleWeights.js';
import { withGradient } from './withGradient.js';

export interface CosineHiddenOptions extends ReduceOptions {
  /** One angle per sample, all its numbers in one vector, or one per position (tokens). Default `sample`. */
  readonly over?: 'sample' | 'position';
}

const EPSILON = 1e-12; // PyTorch's CosineEmbeddingLoss
const WHERE = 'cosineHiddenLoss';

/**
 * Cosine loss of hidden layers: `1 − cos(s, t)` per sample or per position, then reduced.
 *
 * Vectors of different length are averaged down to the shorter, neighbours together, as PyTorch's tutorial
 * does with `avg_pool1d`. Channels come last here, so that neighbours are channels of one position.
 *
 * @param teacherFeatures `[batch, …]`.
 * @param studentFeatures `[batch, …]`; over positions the same but for the channels.
 * @param options `weights` are `[batch]`, or over positions `[batch, …positions]` too: 0 for padding.
 * @returns Scalar from 0 to 2, or one value per vector with reduction `none`. The caller owns it.
 * @throws DistillError if samples or positions are not as many on both sides.
 *
 * @example
 * cosineHiddenLoss(tensor2d([[1, 0]]), tensor2d([[3, 4]])); // 1 − 3/5 = 0.4
 *
 * @see Sanh et al., "DistilBERT", https://arxiv.org/abs/1910.01108 (2019)
 * @see PyTorch, "Knowledge Distillation Tutorial", https://docs.pytorch.org/tutorials/beginner/knowledge_distillation_tutorial.html
 */
export function cosineHiddenLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  { over = 'sample', reduction, weights }: CosineHiddenOptions = {},
): Scalar {
  assertFeatures({ teacherFeatures, studentFeatures }, undefined, { same: 'batch', where: WHERE });
  if (over === 'position') assertPositions(teacherFeatures, studentFeatures);
  return tidy(() => {
    const vectors = (x: Tensor) => (over === 'sample' ? flattened(x) : reshape(x, [-1, x.shape.at(-1) ?? 1]));
    const [teacher, student] = sameLength(vectors(teacherFeatures), vectors(studentFeatures));
    const each = over === 'sample' ? weights : positionWeights(weights, studentFeatures);
    const options = { reduction, weights: each };
    return featureLoss({ same: 'shape', where: WHERE }, [teacher, student], options, (t, s) => ({
      values: oneLessCosine(t, s),
      entries: 1,
    }));
  });
}

/** One value per row of `[rows, d]`. */
function oneLessCosine(teacher: Tensor, student: Tensor): Tensor {
  return withGradient(student, (x) => {
    const [ours, theirs] = [scaleOf(x), scaleOf(teacher)];
    const [s, t] = [mul(x, ours), mul(teacher, theirs)];
    const cosine = sum(mul(s, t), 1, true);
    return { value: reshape(sub(1, cosine), [-1]), gradient: mul(sub(mul(cosine, s), t), ours) };
  });
}

const scaleOf = (x: Tensor) => rsqrt(add(sum(square(x), 1, true), EPSILON)); // [rows, 1]

function sameLength(teacher: Tensor, student: Tensor): readonly [Tensor, Tensor] {
  const length = Math.min(teacher.shape[1] ?? 1, student.shape[1] ?? 1);
  return [averageAxis(teacher, 1, length), averageAxis(student, 1, length)];
}

function positionWeights(weights: Tensor | undefined, { shape }: Tensor): Tensor | undefined {
  if (weights === undefined) return undefined;
  const positions = shape.slice(1, -1).reduce((size, length) => size * length, 1);
  const each = weights.rank > 1 ? weights : mul(expandDims(weights, 1), ones([1, positions]));
  return reshape(each, [-1]);
}

function assertPositions(teacherFeatures: Tensor, studentFeatures: Tensor): void {
  if (teacherFeatures.shape.slice(0, -1).join() === studentFeatures.shape.slice(0, -1).join()) return;
  const shapes = { teacherFeatures: teacherFeatures.shape, studentFeatures: studentFeatures.shape };
  const hint = "Compare over: 'sample', or give the criterion adapter 'auto'.";
  throw shapeMismatch('features of as many positions', shapes, { where: WHERE, hint });
}

/**
 * Cosine of hidden layers, `type: 'cosine'`. Several pairs of layers are summed.
 *
 * Layers of different size are averaged down, unless `adapter` says otherwise: `linear`, for example,
 * learns a projection of the student's channels.
 *
 * @throws DistillError if a layer is missing or the adapter cannot match the shapes.
 *
 * @example
 * cosineHidden({ student: 'flatten', teacher: 'flatten', weight: 0.25, taskWeight: 0.75 }); // PyTorch's tutorial
 * cosineHidden({ student: 'block6', teacher: 'block12', over: 'position' }); // DistilBERT
 */
export const cosineHidden = defineCriterion({
  type: 'cosine',
  options: z
    .strictObject({
      ...featureOptions(1),
      ...adapterOptions('identity'),
      over: z._default(z.enum(['sample', 'position']), 'sample'),
      reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { adapter: kind, seed, over, reduction } = options;
    const weightsOf = over === 'sample' ? sampleWeights : (weights: Tensor | undefined) => weights;
    return overPairs(
      options,
      (teacher, student, { batch }) =>
        cosineHiddenLoss(teacher, student, { over, reduction, weights: weightsOf(batch.weights) }),
      // sizes may differ where nothing stands between
      kind === 'identity' ? {} : { parts: featureAdapters('cosine', options, { kind, seed }) },
    );
  },
});
