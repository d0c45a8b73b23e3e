import {
  clone,
  customGrad,
  div,
  maximum,
  mul,
  type Scalar,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  type Adapter,
  createAdapter,
  defineCriterion,
  DistillError,
  featureShape,
  knobSchema,
  type LossContext,
  type PrepareContext,
  type Shape,
  shapeMismatch,
  type TrainedPart,
  TrainedParts,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertFeatures } from './assertFeatures.js';
import { assertPositive } from './checks.js';
import { ContrastMemory } from './ContrastMemory.js';
import { featureOptions, pairedLayers, pairsOf, sumOf, withExtras } from './featureCriterion.js';
import { leftOut, matchPairs } from './matchPairs.js';
import { noGrad } from './noGrad.js';
import { sampleWeights, withoutMaskedSamples } from './sampleWeights.js';
import { unitRows, unitVectors } from './unitVectors.js';

export interface ContrastiveRepresentationOptions {
  /** `τ > 0`. Default 0.07. */
  readonly temperature?: number;
  /** Class numbers `[batch]` or distributions: samples of one class are not told apart. Default: all are. */
  readonly labels?: Tensor | undefined;
  /** Weight of each sample, `[batch]`, ≥ 0; those of weight 0 are nobody's negatives. Default 1. */
  readonly weights?: Tensor | undefined;
}

const WHERE = 'contrastiveRepresentationLoss';
const SMALLEST = 1e-12;

/**
 * Contrastive representation loss within a batch: which of the teacher's embeddings is of the same sample as
 * the student's, among all of the batch, and the other way round.
 *
 * `½ · mean CE(softmax(S)) + ½ · mean CE(softmax(Sᵀ))` with `Sᵢⱼ = cos(sᵢ, tⱼ) / τ` and the diagonal as target
 * (InfoNCE). Memory is batch². The paper's own form, against a memory of the whole data set, is
 * `ContrastMemory`.
 *
 * Gradients flow to both: the teacher's embedding is a learned projection of its constant feature.
 *
 * @param teacherEmbeddings `[batch, d]`, of any length but 0.
 * @param studentEmbeddings Same shape.
 * @returns Non-negative scalar; 0 for a batch of one. The caller owns it.
 * @throws DistillError if the shapes differ or `temperature` is not above 0.
 *
 * @example
 * const [t, s] = [tensor2d([[1, 0], [0, 1]]), tensor2d([[1, 0], [1, 0]])];
 * contrastiveRepresentationLoss(t, s, { temperature: 1 }); // (0.3133 + 1.3133 + 0.6931 + 0.6931) / 4 = 0.7532
 *
 * @see Tian, Krishnan, Isola, "Contrastive Representation Distillation", https://arxiv.org/abs/1910.10699 (2020)
 * @see van den Oord, Li, Vinyals, "Representation Learning with Contrastive Predictive Coding", https://arxiv.org/abs/1807.03748 (2018)
 */
export function contrastiveRepresentationLoss(
  teacherEmbeddings: Tensor,
  studentEmbeddings: Tensor,
  { temperature = 0.07, labels, weights }: ContrastiveRepresentationOptions = {},
): Scalar {
  const features = { teacherFeatures: teacherEmbeddings, studentFeatures: studentEmbeddings };
  assertFeatures(features, weights, { same: 'shape', where: WHERE });
  assertPositive({ temperature }, { where: WHERE });
  const batch = studentEmbeddings.shape[0] ?? 1;
  if (labels !== undefined && labels.shape[0] !== batch) {
    const shapes = { labels: labels.shape, studentEmbeddings: studentEmbeddings.shape };
    throw shapeMismatch('one label per sample', shapes, { where: WHERE });
  }
  return tidy(() => {
    const [teacher, student] = [teacherEmbeddings, studentEmbeddings].map((x) =>
      withoutMaskedSamples(x, weights),
    ) as [Tensor, Tensor];
    const left = leftOut(labels, weights, temperature);
    const shares = weights === undefined ? 1 / batch : div(weights, maximum(sum(weights), SMALLEST));
    return customGrad((t, s, save) => {
      const sides = [unitRows(t as Tensor), unitRows(s as Tensor)] as const;
      const { value, byTeacher, byStudent } = matchPairs(sides, { temperature, left, shares });
      (save as (tensors: Tensor[]) => void)([byTeacher, byStudent]);
      const gradFunc = (dy: Tensor, saved: Tensor[]) => saved.map((gradient) => mul(dy, gradient));
      return { value, gradFunc };
    })(teacher, student) as Scalar;
  });
}

const memory = z.strictObject({
  /** Samples of the data set. */
  samples: z.int().check(z.gte(1)),
  negatives: z._default(z.int().check(z.gte(1)), 16384),
  momentum: z._default(z.number().check(z.gte(0), z.lt(1)), 0.5),
});

const options = z
  .strictObject({
    ...featureOptions(0.8),
    temperature: z._default(knobSchema({ above: 0 }), 0.07),
    dimensions: z._default(z.int().check(z.gte(1)), 128),
    negatives: z._default(z.enum(['all', 'otherClasses']), 'all'),
    memory: z.optional(memory),
    seed: z._default(z.int(), 0),
  })
  .check(
    pairedLayers,
    z.refine(({ negatives, memory }) => negatives === 'all' || memory === undefined, {
      path: ['negatives'],
      error: "'all' where there is a `memory`, which has no labels",
    }),
  );

/** What one pair of layers trains: a projection of each side. */
interface Projections extends TrainedPart {
  readonly student: Adapter;
  readonly teacher: Adapter;
  readonly memory: ContrastMemory | undefined;
}

function* projections(
  { student: layers, teacher: others, dimensions, memory, seed }: z.output<typeof options>,
  { student, teacher }: PrepareContext,
): Iterable<Projections> {
  if (teacher === undefined) throw new DistillError('OPTION', 'Criterion "crd" needs a teacher.');
  for (const [i, layer] of layers.entries()) {
    const other = others[i] ?? layer;
    const embed = (side: 'student' | 'teacher', shape: Shape, place: number) =>
      createAdapter(shape, [null, dimensions], {
        kind: 'linear',
        seed: seed + 2 * i + place,
        name: `crd/${layer}-${other}/${side}`,
      });
    const ours = embed('student', featureShape(student, layer), 0);
    const theirs = embed('teacher', featureShape(teacher, other), 1);
    const remembered = memory && new ContrastMemory({ ...memory, dimensions, seed: seed + i });
    yield {
      student: ours,
      teacher: theirs,
      memory: remembered,
      variables: [...ours.variables, ...theirs.variables],
      state: remembered?.state ?? [],
      dispose: () => [ours, theirs, remembered].forEach((part) => part?.dispose()),
    };
  }
}

/**
 * Contrastive representation distillation, `type: 'crd'`: both sides' vectors, usually the pooled ones before the
 * classifier, are projected to `dimensions` and contrasted; summed over the pairs of layers. Maps are
 * averaged over their positions first.
 *
 * By default a batch is contrasted with itself, so a large one helps; `negatives: 'otherClasses'` needs labels
 * and leaves out samples of the same class. With `memory` it is contrasted with what was remembered of
 * the whole data set, as in the paper, which needs batches with `ids` below `memory.samples`; the memory is
 * part of checkpoints.
 *
 * @throws DistillError if a layer is missing or an option out of range; in training if labels or ids are missing.
 *
 * @example
 * contrastiveRepresentation({ student: 'pool', teacher: 'pool' }); // weight 0.8, temperature 0.07
 * contrastiveRepresentation({ student: 'pool', teacher: 'pool', memory: { samples: 50_000 } });
 */
export const contrastiveRepresentation = defineCriterion({
  type: 'crd',
  options,
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (checked) => {
    const parts = new TrainedParts<Projections>('crd', (context) => projections(checked, context));
    const compute = (ctx: LossContext): Scalar =>
      sumOf(pairsOf(checked, ctx).map((pair, i) => contrast(checked, parts.at(i), pair, ctx)));
    const requires = { labels: checked.negatives === 'otherClasses', ids: checked.memory !== undefined };
    return Object.assign(withExtras(checked, compute, { parts, coupled: true }), { requires });
  },
});

function contrast(
  { temperature: knob, negatives }: z.output<typeof options>,
  { student: embed, teacher: embedTeacher, memory }: Projections,
  [theirs, ours]: readonly [teacher: Tensor, student: Tensor],
  ctx: LossContext,
): Scalar {
  const [teacher, student] = [embedTeacher.apply(noGrad(() => clone(theirs))), embed.apply(ours)];
  const weights = sampleWeights(ctx.batch.weights);
  const temperature = ctx.knob(knob, 'temperature');
  if (memory !== undefined) {
    const pair = [unitVectors(teacher), unitVectors(student)] as const;
    return memory.loss(pair, ctx.batch.ids as Int32Array, { temperature, step: ctx.globalStep, weights });
  }
  const labels = negatives === 'otherClasses' ? ctx.labels : undefined;
  return contrastiveRepresentationLoss(teacher, student, { temperature, labels, weights });
}
