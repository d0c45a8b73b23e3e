import {
  greater,
  mul,
  relu,
  type Scalar,
  sub,
  type Tensor,
  where,
  reshape,
  minimum,
  add,
} from '@tensorflow/tfjs-core';
import { defineCriterion, featureAdapters } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertPositive } from './checks.js';
import { adapterOptions, depthShare, featureOptions, overPairs, pairedLayers } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { entriesOf, flattened } from './samples.js';
import { sampleWeights } from './sampleWeights.js';
import { squaredResiduals } from './squaredResiduals.js';

export interface ActivationBoundaryOptions extends ReduceOptions {
  /** How far beyond the boundary a student's response is wanted, above 0. Default 1. */
  readonly margin?: number;
}

/**
 * Activation boundary loss: `Σ max(0, m − sign(t) · s)²` per sample, then reduced. A neuron of the student
 * should be on where the teacher's is (`t > 0`), and off where it is off, by a margin; how strongly does
 * not matter.
 *
 * Features are taken before the ReLU. A student equal to its teacher has loss 0 only where `|t| ≥ m`.
 *
 * @param teacherFeatures Before the ReLU, `[batch, …]`.
 * @param studentFeatures Before the ReLU, same shape.
 * @param options `weights` are `[batch]`.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes differ, or `margin` is not above 0.
 *
 * @example
 * activationBoundaryLoss(tensor2d([[5, -5]]), tensor2d([[0.5, 1]])); // 0.5² + 2² = 4.25
 *
 * @see Heo et al., "Knowledge Transfer via Distillation of Activation Boundaries", https://arxiv.org/abs/1811.03233 (2019)
 */
export function activationBoundaryLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  { margin = 1, ...options }: ActivationBoundaryOptions = {},
): Scalar {
  const rule = { same: 'shape', where: 'activationBoundaryLoss' } as const;
  assertPositive({ margin }, { where: rule.where });
  return featureLoss(rule, [teacherFeatures, studentFeatures], options, (teacher, student) => {
    const missing = (x: Tensor) => {
      const [tooLow, tooHigh] = [minimum(sub(x, margin), 0), relu(add(x, margin))];
      return where(greater(flattened(teacher), 0), tooLow, tooHigh);
    };
    const squares = squaredResiduals(flattened(student), missing, 1);
    return { values: reshape(squares, [-1]), entries: entriesOf(student) };
  });
}

/**
 * Distillation of activation boundaries, `type: 'ab'`: layers from shallow to deep; the deepest counts
 * fully, each one before it half as much as the next. The student's side goes through a 1×1 convolution
 * with batch normalisation (`batchNorm`).
 *
 * The paper trains with this alone first, 30 of 240 epochs, then with labels alone: give both weights a
 * schedule. The default weight 0.003 is RepDistiller's 3 / 1000.
 *
 * @throws DistillError if a layer is missing or the adapter cannot match the shapes.
 *
 * @example
 * const first = ({ epoch }) => (epoch < 30 ? 1 : 0);
 * activationBoundary({
 *   student: ['bn1', 'bn2'],
 *   teacher: ['bn1', 'bn2'],
 *   weight: (progress) => 0.003 * first(progress),
 *   taskWeight: (progress) => 1 - first(progress),
 * });
 */
export const activationBoundary = defineCriterion({
  type: 'ab',
  options: z
    .strictObject({
      ...featureOptions(0.003),
      ...adapterOptions('conv1x1'),
      batchNorm: z._default(z.boolean(), true),
      margin: z._default(z.number().check(z.gt(0)), 1),
      reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { adapter: kind, seed, batchNorm, margin, reduction } = options;
    return overPairs(
      options,
      (teacher, student, { batch }, i) => {
        const weights = sampleWeights(batch.weights);
        const loss = activationBoundaryLoss(teacher, student, { margin, reduction, weights });
        return mul(loss, depthShare(i, options.student.length));
      },
      { parts: featureAdapters('ab', options, { kind, seed, batchNorm }), coupled: batchNorm },
    );
  },
});
