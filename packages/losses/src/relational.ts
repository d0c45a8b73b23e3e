import {
  div,
  expandDims,
  matMul,
  maximum,
  mul,
  oneHot,
  scalar,
  type Scalar,
  squeeze,
  sum,
  type Tensor,
  tensor1d,
} from '@tensorflow/tfjs-core';
import { defineCriterion, expected, knobSchema, shuffledIndices } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { featureOptions, overPairs, pairedLayers, sumOf } from './featureCriterion.js';
import { relationalAngle } from './relationalAngle.js';
import { relationalDistance } from './relationalDistance.js';
import { relationLoss } from './relationLoss.js';
import { sampleWeights } from './sampleWeights.js';
import { withGradient } from './withGradient.js';

export interface RelationalOptions {
  /** Factor of the distances' term, ≥ 0. Default 25. */
  readonly distance?: number;
  /** Factor of the angles' term, ≥ 0. Default 50. */
  readonly angle?: number;
  /** Of a larger batch, the angles among so many samples drawn from it: their memory is its cube. Default 64. */
  readonly angleSamples?: number;
  /** Of the draw, a whole number. Default 0. */
  readonly seed?: number;
  /** Weight of each sample, `[batch]`, ≥ 0; pairs and triplets weigh the product. Default 1. */
  readonly weights?: Tensor | undefined;
}

const WHERE = 'relationalLoss';
const SMALLEST = 1e-12;

/**
 * Relational distillation: the samples of a batch are to lie to each other as they do for the teacher.
 *
 * `distance · mean smoothL1(d_s − d_t) + angle · mean smoothL1(a_s − a_t)`, over all pairs and all
 * triplets, with `dᵢⱼ = ‖eᵢ − eⱼ‖ / mean distance` and `aᵢⱼₖ = cos ∠(j, i, k)`. As in the authors' code, the
 * means count a sample with itself too, which adds zeros.
 *
 * The gradient is closed. Angles come of the Gram matrix: memory is batch³, where PyTorch's published
 * form needs batch² times the vectors' length besides.
 *
 * @param teacherEmbeddings `[batch, …]`, one vector per sample once flattened.
 * @param studentEmbeddings `[batch, …]`; the vectors' length may differ.
 * @returns Non-negative scalar; 0 for a batch of one. The caller owns it.
 * @throws DistillError if the numbers of samples differ or an option is out of range.
 *
 * @example
 * const [t, s] = [tensor2d([[0], [1], [2]]), tensor2d([[0], [1], [3]])];
 * relationalLoss(t, s, { distance: 1, angle: 0 }); // d_t = ¾, ¾, 1½ and d_s = ½, 1, 1½: 4 · ½ · ¼² / 9 = 0.0139
 *
 * @see Park, Kim, Lu, Cho, "Relational Knowledge Distillation", https://arxiv.org/abs/1904.05068 (2019)
 */
export function relationalLoss(
  teacherEmbeddings: Tensor,
  studentEmbeddings: Tensor,
  options: RelationalOptions = {},
): Scalar {
  const { distance = 25, angle = 50, angleSamples = 64, seed = 0, weights } = options;
  for (const [name, factor] of Object.entries({ distance, angle })) {
    if (!(factor >= 0)) throw expected(name, 'a number of at least 0', factor, { where: WHERE });
  }
  if (!(Number.isInteger(angleSamples) && angleSamples >= 3)) {
    throw expected('angleSamples', 'a whole number of at least 3', angleSamples, { where: WHERE });
  }
  const embeddings = [teacherEmbeddings, studentEmbeddings] as const;
  return relationLoss(WHERE, embeddings, { weights }, (teacher, student, { factor }) => {
    const terms: Tensor[] = [];
    if (distance > 0) {
      terms.push(
        mul(
          distance,
          withGradient(student, (x) => relationalDistance(teacher, x, factor)),
        ),
      );
    }
    if (angle > 0) {
      const pick = draw(student.shape[0] ?? 0, angleSamples, seed);
      const shares = sharesOf(pick(student), weights && pick(expandDims(weights, 1)));
      terms.push(
        mul(
          angle,
          withGradient(pick(student), (x) => relationalAngle(pick(teacher), x, shares)),
        ),
      );
    }
    return terms.length === 0 ? scalar(0) : sumOf(terms as Scalar[]);
  });
}

/** Takes the same samples of everything that it is given, `[batch, d]`; all of them if they are few. */
function draw(batch: number, count: number, seed: number): (x: Tensor) => Tensor {
  if (batch <= count) return (x) => x;
  const rows = tensor1d(shuffledIndices(batch, seed, 0).slice(0, count), 'int32');
  return (x) => matMul(oneHot(rows, batch), x); // gather has no gradient on every engine
}

/** How much of the whole each sample is, `[batch]`, or one number for all. */
function sharesOf({ shape }: Tensor, weights: Tensor | undefined): Tensor | number {
  if (weights === undefined) return 1 / (shape[0] ?? 1);
  const flat = squeeze(weights, [1]);
  return div(flat, maximum(sum(flat), SMALLEST));
}

/**
 * Relational distillation, `type: 'rkd'`: summed over the pairs of layers; usually the pooled vector before
 * the classifier. Angles of a batch above `angleSamples` are among samples drawn anew at each step.
 *
 * Factors of 25 and 50 are RepDistiller's; the authors use 1 and 2 on unit vectors for retrieval.
 *
 * @throws DistillError if a layer is missing or an option out of range.
 *
 * @example
 * relational({ student: 'pool', teacher: 'pool' });
 * relational({ student: 'pool', teacher: 'pool', angle: 0 }); // distances alone
 */
export const relational = defineCriterion({
  type: 'rkd',
  options: z
    .strictObject({
      ...featureOptions(1),
      distance: z._default(knobSchema({ atLeast: 0 }), 25),
      angle: z._default(knobSchema({ atLeast: 0 }), 50),
      angleSamples: z._default(z.int().check(z.gte(3)), 64),
      seed: z._default(z.int(), 0),
    })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { distance, angle, angleSamples, seed } = options;
    return overPairs(
      options,
      (teacher, student, ctx) =>
        relationalLoss(teacher, student, {
          distance: ctx.knob(distance, 'distance'),
          angle: ctx.knob(angle, 'angle'),
          angleSamples,
          seed: seed + ctx.globalStep,
          weights: sampleWeights(ctx.batch.weights),
        }),
      { coupled: true },
    );
  },
});
