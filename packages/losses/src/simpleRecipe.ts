import {
  abs,
  add,
  div,
  log,
  mul,
  pow,
  rsqrt,
  type Scalar,
  sign,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { defineCriterion, expected, featureAdapters } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertFeatures } from './assertFeatures.js';
import { adapterOptions, featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { sharesOf } from './reduction.js';
import { entriesOf } from './samples.js';
import { sampleWeights, withoutMaskedSamples } from './sampleWeights.js';
import { perRow, type Scaling, standardized } from './standardized.js';
import { withGradient } from './withGradient.js';

export interface SimpleRecipeOptions {
  /** `α ≥ 1`: the higher, the more the largest differences count. Default 4. */
  readonly exponent?: number;
  /** Weight of each sample, `[batch]`, ≥ 0. Default 1. */
  readonly weights?: Tensor | undefined;
}

const VARIANCE_EPSILON = 1e-4;
/** What the logarithm is taken of at least. */
const FLOOR = 1e-5;

/**
 * Feature loss of the simple recipe: `log(1e-5 + Σ |ŝ − t̂|^α)` over the whole batch, where `x̂` is
 * normalised by the batch, channel by channel: `(x − mean) / √(variance + 1e-4)`.
 *
 * The 1e-5 is of the authors' code for vision transformers; that for ImageNet and torchdistill take
 * the logarithm of the bare sum, −∞ for identical features.
 *
 * @param teacherFeatures `[batch, …sizes, channels]`, as a rule pooled vectors.
 * @param studentFeatures Same shape, as a rule through a linear projection.
 * @returns Scalar of at least `log 1e-5 = −11.513`. The caller owns it.
 * @throws DistillError if the shapes differ (it says which adapter mends that) or `exponent` is below 1.
 *
 * @example
 * // normalised to ∓1 and ±1: four differences of 2, so log(2 · 2⁴) = 3.4657, less 1e-4 or so for the epsilon
 * simpleRecipeLoss(tensor2d([[0], [4]]), tensor2d([[4], [0]]));
 *
 * @see Miles, Mikolajczyk, "Understanding the Role of the Projector in Knowledge Distillation", https://arxiv.org/abs/2303.11098 (2023)
 */
export function simpleRecipeLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  { exponent = 4, weights }: SimpleRecipeOptions = {},
): Scalar {
  const where = 'simpleRecipeLoss';
  assertFeatures({ teacherFeatures, studentFeatures }, weights, { same: 'shape', where });
  if (!(exponent >= 1)) throw expected('exponent', 'a number of at least 1', exponent, { where });
  return tidy(() => {
    const teacher = withoutMaskedSamples(teacherFeatures, weights);
    const student = withoutMaskedSamples(studentFeatures, weights);
    const positions = entriesOf(student) / (student.shape.at(-1) ?? 1);
    const batch = student.shape[0] ?? 1;
    const shares = perRow(sharesOf({ reduction: 'mean', weights }, batch, positions), positions);
    const factor = perRow(sharesOf({ reduction: 'sum', weights }, batch, 1), positions);
    return withGradient(student, (x) => {
      const ours = standardized(x, shares, scaling);
      const difference = sub(ours.value, standardized(teacher, shares, scaling).value);
      const { power, slope } = powerOf(difference, exponent);
      const total = add(sum(mul(power, factor)), FLOOR);
      return { value: log(total), gradient: ours.through(mul(mul(slope, factor), div(1, total))) };
    }) as Scalar;
  });
}

/** As batch normalisation does. */
function scaling(variance: Tensor): Scaling {
  const scale = rsqrt(add(variance, VARIANCE_EPSILON));
  return { scale, slope: mul(mul(square(scale), scale), -0.5) };
}

/** `|x|^exponent` and its derivative; by multiplication where that will do, since `pow` is slow. */
function powerOf(x: Tensor, exponent: number): { readonly power: Tensor; readonly slope: Tensor } {
  const even = exponent === 2 || exponent === 4;
  const beside = even ? (exponent === 2 ? x : mul(x, square(x))) : mul(sign(x), pow(abs(x), exponent - 1));
  return { power: mul(beside, x), slope: mul(beside, exponent) };
}

/**
 * The simple recipe's feature term, `type: 'srd'`: the student's layer through a linear projection against the
 * teacher's, usually the pooled vectors before the classifiers; summed over the pairs of layers.
 *
 * The whole recipe adds soft targets: `[simpleRecipe({ … }), knowledgeDistillation({ temperature: 1,
 * taskWeight: 1, softWeight: 1 })]`.
 *
 * @throws DistillError if a layer is missing or the adapter cannot match the shapes.
 *
 * @example
 * simpleRecipe({ student: 'pool', teacher: 'pool' }); // weight 2, exponent 4
 */
export const simpleRecipe = defineCriterion({
  type: 'srd',
  options: z
    .strictObject({
      ...featureOptions(2),
      ...adapterOptions('linear'),
      exponent: z._default(z.number().check(z.gte(1)), 4),
    })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { adapter: kind, seed, exponent } = options;
    return overPairs(
      options,
      (teacher, student, { batch }) =>
        simpleRecipeLoss(teacher, student, { exponent, weights: sampleWeights(batch.weights) }),
      { parts: featureAdapters('srd', options, { kind, seed }), coupled: true },
    );
  },
});
