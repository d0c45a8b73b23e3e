import { type Criterion, type LossContext, parseOptions } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { kdLoss } from '../knowledgeDistillation.js';
import { logitsMseLoss } from '../logitsMse.js';
import { type Compat, type LossConfig } from './LossConfig.js';
import { squaredError } from './squaredError.js';

const share = z.number().check(z.gte(0), z.lte(1));

const schema = z.strictObject({
  temperature: z._default(z.number().check(z.gt(0)), 1),
  lossTypes: z._default(z.tuple([z.enum(['CE', 'MSE']), z.enum(['CE', 'MSE', 'KL'])]), ['CE', 'CE']),
  lossWeights: z._default(
    z
      .tuple([share, share])
      .check(
        z.refine(([task, soft]) => Math.abs(task + soft - 1) < 1e-6, { error: 'two weights that sum to 1' }),
      ),
    [0.5, 0.5],
  ),
});

export type KnowledgeDistillationLossOptions = z.input<typeof schema>;

/**
 * Intel Neural Compressor's `KnowledgeDistillationLossConfig`:
 * `w₀ · task + w₁ · T² · D(z_s / T, z_t / T)`, where `D` is
 *
 * - `CE`: cross-entropy to the teacher's softened answers, the mean over the samples;
 * - `KL`: their divergence, the mean over the samples; with `compat: 'inc'` over samples and classes,
 *   as `torch.nn.KLDivLoss` does it;
 * - `MSE`: the mean squared difference of the logits: `T` cancels.
 *
 * `lossTypes[0]` names the task's loss of `fit` and `trainStep`; a loop of your own brings its own.
 *
 * @throws DistillError if the temperature is not above 0 or the weights do not sum to 1 (to 1e-6).
 *
 * @example
 * new KnowledgeDistillationLossConfig({ temperature: 2, lossTypes: ['CE', 'KL'], lossWeights: [0.75, 0.25] });
 *
 * @see https://github.com/intel/neural-compressor/blob/v2.6.1/neural_compressor/config.py
 */
export class KnowledgeDistillationLossConfig implements LossConfig {
  readonly options: z.output<typeof schema>;

  constructor(options: KnowledgeDistillationLossOptions = {}) {
    this.options = parseOptions(schema, options, 'KnowledgeDistillationLossConfig');
  }

  get needsTeacher(): boolean {
    return this.options.lossWeights[1] > 0;
  }

  get taskLoss() {
    return this.options.lossTypes[0] === 'MSE' ? squaredError : undefined;
  }

  toCriterion(compat: Compat): Criterion {
    const { lossWeights } = this.options;
    const [taskWeight, weight] = lossWeights;
    return {
      type: 'KnowledgeDistillationLoss',
      taskWeight,
      weight,
      requires: { teacher: this.needsTeacher, sameOutputShape: true },
      compute: (ctx) => (this.needsTeacher ? this.#distance(ctx, compat) : ctx.taskLoss),
    };
  }

  #distance({ teacherOutputs, studentOutputs, batch: { weights } }: LossContext, compat: Compat) {
    const { temperature, lossTypes } = this.options;
    const [, distance] = lossTypes;
    const logits = [teacherOutputs.logits, studentOutputs.output] as const;
    if (distance === 'MSE') return logitsMseLoss(...logits, { weights });
    if (distance === 'CE') return kdLoss(...logits, { temperature, weights, divergence: 'crossEntropy' });
    return kdLoss(...logits, { temperature, weights, reduction: compat === 'inc' ? 'mean' : 'batchMean' });
  }
}
