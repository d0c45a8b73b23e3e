import { div, matMul, type Scalar, sub, type Tensor, tidy, reshape } from '@tensorflow/tfjs-core';
import { defineCriterion, featureAdapters, type LossContext, shapeMismatch } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertFeatures } from './assertFeatures.js';
import { featureOptions, pairedLayers, pairsOf, sumOf, withExtras } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { matchSizes } from './matchSizes.js';
import { noGrad } from './noGrad.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { entriesOf, flattened, positionsOf } from './samples.js';
import { sampleWeights } from './sampleWeights.js';
import { squaredResiduals } from './squaredResiduals.js';

/** Where a stage begins and where it ends. */
export type Stage = readonly [bottom: Tensor, top: Tensor];

const WHERE = 'flowOfSolutionLoss';

/**
 * Flow of solution procedure: `Σ (G_s − G_t)²` per sample, then reduced, by default to the mean over samples
 * and entries. `G = F₁ᵀF₂ / positions`, `[channels₁, channels₂]`, says how a stage's end depends on its
 * beginning.
 *
 * Within a stage the larger map is average-pooled to the smaller, as in RepDistiller; torchdistill
 * max-pools and takes norms. Sizes of teacher and student may differ, channels may not.
 *
 * @param teacherStage Two maps `[batch, …sizes, channels]`.
 * @param studentStage Two maps with the teacher's channels.
 * @param options `reduction` defaults to `mean`; `weights` are `[batch]`.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the flows differ in shape; it names them.
 *
 * @example
 * const [ones, twos] = [ones([1, 2, 2, 1]), fill([1, 2, 2, 1], 2)];
 * flowOfSolutionLoss([ones, twos], [ones, ones]); // (1 − 2)² = 1
 *
 * @see Yim et al., "A Gift from Knowledge Distillation", CVPR 2017
 */
export function flowOfSolutionLoss(
  teacherStage: Stage,
  studentStage: Stage,
  { reduction = 'mean', weights }: ReduceOptions = {},
): Scalar {
  for (const i of [0, 1] as const) assertStage(teacherStage[i], studentStage[i], weights);
  return tidy(() => {
    const teacher = noGrad(() => flow(teacherStage));
    const options = { reduction, weights };
    return featureLoss({ same: 'shape', where: WHERE }, [teacher, flow(studentStage)], options, (t, s) => ({
      values: reshape(
        squaredResiduals(flattened(s), (x) => sub(x, flattened(t)), 1),
        [-1],
      ),
      entries: entriesOf(s),
    }));
  });
}

/** `G`, `[batch, channels₁, channels₂]`. */
function flow([bottom, top]: Stage): Tensor {
  const [first, second] = matchSizes(bottom, top).map(positionsOf) as [Tensor, Tensor];
  return div(matMul(first, second, true, false), first.shape[1] ?? 1);
}

function assertStage(teacherFeatures: Tensor, studentFeatures: Tensor, weights: Tensor | undefined): void {
  assertFeatures({ teacherFeatures, studentFeatures }, weights, { rank: 3, same: 'samples', where: WHERE });
  if (teacherFeatures.shape.at(-1) === studentFeatures.shape.at(-1)) return;
  const shapes = { teacherFeatures: teacherFeatures.shape, studentFeatures: studentFeatures.shape };
  const hint = "A 1×1 convolution mends it: give the criterion adapter 'auto'.";
  throw shapeMismatch('features with as many channels', shapes, { where: WHERE, hint });
}

/**
 * Flow of solution procedure, `type: 'fsp'`: lists of layers; each two neighbours in the list are the ends
 * of a stage, and the stages' losses are summed.
 *
 * Where a student layer has not the teacher's channels, a learned 1×1 convolution projects it; `adapter:
 * 'identity'` forbids that. The paper trains this first and the task afterwards: give `weight` a schedule.
 *
 * @throws DistillError if there are fewer than two layers on a side or not as many on both.
 *
 * @example
 * flowOfSolution({ student: ['stem', 'stage1', 'stage2'], teacher: ['stem', 'stage1', 'stage2'] }); // weight 50
 */
export const flowOfSolution = defineCriterion({
  type: 'fsp',
  options: z
    .strictObject({
      ...featureOptions(50),
      adapter: z._default(z.enum(['auto', 'identity']), 'auto'),
      seed: z._default(z.int(), 0),
      reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'mean'),
    })
    .check(
      pairedLayers,
      z.refine(({ student }) => student.length >= 2, { error: 'two layers or more on each side' }),
    ),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { adapter: kind, seed, reduction } = options;
    const adapters = featureAdapters('fsp', options, { kind, seed, keepSizes: true }); // a flow does not mind sizes
    const compute = (ctx: LossContext) => {
      const weights = sampleWeights(ctx.batch.weights);
      const pairs = pairsOf(options, ctx).map(
        ([teacher, student], i) => [teacher, adapters.at(i).apply(student, weights)] as const,
      );
      const stages = pairs.slice(1).map(([teacherTop, studentTop], i) => {
        const [teacherBottom, studentBottom] = pairs[i] as (typeof pairs)[number];
        return flowOfSolutionLoss([teacherBottom, teacherTop], [studentBottom, studentTop], {
          reduction,
          weights,
        });
      });
      return sumOf(stages);
    };
    return withExtras(options, compute, { parts: adapters });
  },
});
