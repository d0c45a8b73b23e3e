import { div, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { defineCriterion, expected, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { sumOf } from './featureCriterion.js';
import { kdLoss } from './knowledgeDistillation.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { weighting, weightOptions } from './weighting.js';

export interface MutualLearningOptions extends ReduceOptions {
  /** `T > 0`. Default 1, as in the paper. */
  readonly temperature?: number;
}

/**
 * Mutual learning: `1 / (K − 1) · Σ T² · KL(softmax(peer / T) ‖ softmax(s / T))` over a student's `K − 1` peers, per
 * sample, then reduced. The peers are constants: each learns in a step of its own.
 *
 * @param peerLogits Unscaled logits of each peer, `[…batch, classes]`.
 * @param studentLogits Unscaled logits, same shape and order of classes.
 * @returns Non-negative scalar, or `[…batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if there is no peer, a shape differs, or `temperature` is not above 0.
 *
 * @example
 * const [peers, student] = [[tensor2d([[0, 2]]), tensor2d([[2, 0]])], tensor2d([[2, 0]])];
 * mutualLearningLoss(peers, student); // (1.5232 + 0) / 2 = 0.7616
 *
 * @see Zhang, Xiang, Hospedales, Lu, "Deep Mutual Learning", https://arxiv.org/abs/1706.00384 (2018)
 */
export function mutualLearningLoss(
  peerLogits: readonly Tensor[],
  studentLogits: Tensor,
  { temperature = 1, ...options }: MutualLearningOptions = {},
): Scalar {
  if (peerLogits.length === 0) {
    throw expected('peerLogits', 'a list of one or more tensors', peerLogits, {
      where: 'mutualLearningLoss',
    });
  }
  return tidy(() => {
    const terms = peerLogits.map((peer) => kdLoss(peer, studentLogits, { ...options, temperature }));
    return div(sumOf(terms), peerLogits.length);
  });
}

/**
 * Deep mutual learning, `type: 'dml'`: students that teach each other. Each has a manager of its own whose
 * teacher is the other, live; a step of one, then a step of the other.
 *
 * With more than two, `teacher: peerTeachers([b, c])` gives the first one's logits as the teacher's and
 * those of the others as features `peer2`, `peer3`, …, which `peers` names. Peers answer in inference
 * mode: dropout off, batch norm by its running averages.
 *
 * The task's own loss keeps weight 1, as in the paper.
 *
 * @throws DistillError if an option is out of range.
 *
 * @example
 * const [a, b] = [prepareCompression(x, { teacher: y, criterion: mutualLearning() }),
 *                 prepareCompression(y, { teacher: x, criterion: mutualLearning() })];
 * for (const batch of batches) { await a.trainStep(batch); await b.trainStep(batch); }
 */
export const mutualLearning = defineCriterion({
  type: 'dml',
  options: z.strictObject({
    temperature: z._default(knobSchema({ above: 0 }), 1),
    peers: z._default(z.array(z.string()), []),
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    ...weightOptions(),
  }),
  taps: ({ peers }) => ({ teacher: peers }),
  create: ({ temperature, peers, reduction, ...weights }) => ({
    ...weighting(weights),
    requires: { sameOutputShape: true },
    compute: (ctx) => {
      const { teacherOutputs, studentOutputs, batch } = ctx;
      const further = peers.map((name) => teacherOutputs.features[name] as Tensor);
      return mutualLearningLoss([teacherOutputs.logits, ...further], studentOutputs.output, {
        temperature: ctx.knob(temperature, 'temperature'),
        reduction,
        weights: batch.weights,
      });
    },
  }),
});
