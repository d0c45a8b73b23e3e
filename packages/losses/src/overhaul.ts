import {
  cast,
  div,
  greater,
  less,
  maximum,
  minimum,
  mul,
  relu,
  type Scalar,
  sub,
  sum,
  type Tensor,
  tensor1d,
  where,
  reshape,
} from '@tensorflow/tfjs-core';
import { defineCriterion, expected, featureAdapters } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { adapterOptions, depthShare, featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { normalCdf } from './normalCdf.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { entriesOf, flattened } from './samples.js';
import { sampleWeights } from './sampleWeights.js';
import { squaredResiduals } from './squaredResiduals.js';

export interface OverhaulOptions extends ReduceOptions {
  /**
   * `m ≤ 0`, one per channel or one for all: where negative responses of the teacher are cut off. See
   * `marginsFromBatchNorm`. Default: each channel's mean negative response in this batch.
   */
  readonly margins?: number | readonly number[] | undefined;
}

const WHERE = 'overhaulLoss';

/**
 * Overhauled feature distillation: squared distance to the teacher's features cut off at a negative margin,
 * `u = max(t, m)`, `Σ d²` per sample, then reduced:
 *
 * `d = s − u` where `u > 0`, else `max(0, s − u)`: where the teacher is silent, a student below it is right too.
 *
 * @param teacherFeatures Before the ReLU, `[batch, …, channels]`.
 * @param studentFeatures Before the ReLU, same shape.
 * @param options `weights` are `[batch]`.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`; large, for it is a sum. The caller owns it.
 * @throws DistillError if the shapes differ, or the margins are above 0 or not as many as channels.
 *
 * @example
 * overhaulLoss(tensor2d([[2, -3]]), tensor2d([[1, 0.5]]), { margins: -1 }); // 1² + 1.5² = 3.25
 *
 * @see Heo et al., "A Comprehensive Overhaul of Feature Distillation", https://arxiv.org/abs/1904.01866 (2019)
 */
export function overhaulLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  { margins, ...options }: OverhaulOptions = {},
): Scalar {
  if (margins !== undefined) assertMargins(margins, teacherFeatures);
  const rule = { same: 'shape', where: WHERE } as const;
  return featureLoss(rule, [teacherFeatures, studentFeatures], options, (teacher, student) => {
    const target = maximum(teacher, marginOf(teacher, margins));
    const squares = squaredResiduals(flattened(student), (x) => residuals(x, flattened(target)), 1);
    return { values: reshape(squares, [-1]), entries: entriesOf(student) };
  });
}

/** The whole difference where the teacher is active, else only what the student has too much. */
function residuals(student: Tensor, target: Tensor): Tensor {
  const difference = sub(student, target);
  return where(greater(target, 0), difference, relu(difference));
}

function marginOf(teacher: Tensor, margins: number | readonly number[] | undefined): Tensor | number {
  if (margins === undefined) return meanNegative(teacher);
  return typeof margins === 'number' ? margins : tensor1d([...margins]);
}

/** `E[t | t < 0]` of each channel, 0 where none is negative, `[channels]`. */
function meanNegative(teacher: Tensor): Tensor {
  const axes = teacher.shape.slice(0, -1).map((_, axis) => axis);
  const count = sum(cast(less(teacher, 0), 'float32'), axes);
  return div(sum(minimum(teacher, 0), axes), maximum(count, 1));
}

function assertMargins(margins: number | readonly number[], { shape }: Tensor): void {
  const list = typeof margins === 'number' ? [margins] : margins;
  const wrong = list.find((margin) => !(margin <= 0 && Number.isFinite(margin)));
  if (wrong !== undefined) throw expected('margins', 'numbers of 0 or below', wrong, { where: WHERE });
  if (typeof margins !== 'number' && margins.length !== shape.at(-1)) {
    throw expected('margins', `${shape.at(-1)} numbers, one per channel`, `${margins.length}`, {
      where: WHERE,
    });
  }
}

/**
 * The overhaul's margins, `E[t | t < 0]` of each channel, from the teacher's batch normalisation before the
 * ReLU: its outputs are taken as normal with mean `beta` and deviation `|gamma|`.
 *
 * @param gamma, beta Scale and offset, one per channel.
 * @returns One margin per channel; −3 |gamma| where negative outputs are rarer than 1 in 1000, as in the authors' code.
 *
 * @example
 * marginsFromBatchNorm({ gamma: [1], beta: [0] }); // [−√(2 / π)] = [−0.798]
 */
export function marginsFromBatchNorm({
  gamma,
  beta,
}: {
  readonly gamma: readonly number[];
  readonly beta: readonly number[];
}): number[] {
  return gamma.map((scale, i) => {
    const [mean, deviation] = [beta[i] ?? 0, Math.abs(scale)];
    const below = normalCdf(-mean / deviation);
    if (!(below > 0.001)) return -3 * deviation;
    const density = Math.exp(-((mean / deviation) ** 2) / 2) / Math.sqrt(2 * Math.PI);
    return mean - (deviation * density) / below;
  });
}

const marginsSchema = z.array(z.union([z.number().check(z.lte(0)), z.array(z.number().check(z.lte(0)))]));

/**
 * A comprehensive overhaul of feature distillation, `type: 'ofd'`: layers from shallow to deep, before their
 * ReLUs; the deepest counts fully, each one before it half as much as the next. The student's side goes
 * through a 1×1 convolution with batch normalisation (`batchNorm`).
 *
 * `margins` has one entry per layer: a number, or one per channel. The default weight 0.001 goes with the
 * sum over entries, as in mdistiller.
 *
 * @throws DistillError if a layer is missing, the adapter cannot match the shapes, or margins are not one per layer.
 *
 * @example
 * overhaul({
 *   student: ['bn2', 'bn4'],
 *   teacher: ['bn5', 'bn9'],
 *   margins: [bn5, bn9].map((layer) => marginsFromBatchNorm(layer)),
 * });
 */
export const overhaul = defineCriterion({
  type: 'ofd',
  options: z
    .strictObject({
      ...featureOptions(0.001),
      ...adapterOptions('conv1x1'),
      batchNorm: z._default(z.boolean(), true),
      margins: z.optional(marginsSchema),
      reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    })
    .check(
      pairedLayers,
      z.refine(({ margins, student }) => margins === undefined || margins.length === student.length, {
        error: 'one entry of `margins` per layer',
      }),
    ),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { adapter: kind, seed, batchNorm, margins, reduction } = options;
    return overPairs(
      options,
      (teacher, student, { batch }, i) => {
        const weights = sampleWeights(batch.weights);
        const loss = overhaulLoss(teacher, student, { margins: margins?.[i], reduction, weights });
        return mul(loss, depthShare(i, options.student.length));
      },
      {
        parts: featureAdapters('ofd', options, { kind, seed, batchNorm }),
        coupled: batchNorm || margins === undefined, // both read the whole batch
      },
    );
  },
});
