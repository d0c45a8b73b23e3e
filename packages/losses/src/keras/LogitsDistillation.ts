import { div, mul, type Scalar, softmax, type Tensor } from '@tensorflow/tfjs-core';
import { type Criterion, expected, type LossContext, parseOptions } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { kdLoss } from '../knowledgeDistillation.js';
import { logitsMseLoss } from '../logitsMse.js';
import { DistillationLoss } from './DistillationLoss.js';

/** Keras's order: what is true first. Both softened, `[…batch, classes]`; the teacher's is a constant. */
export type SoftenedLoss = (teacher: Tensor, student: Tensor) => Scalar;

const LOSSES = ['klDivergence', 'categoricalCrossentropy', 'meanSquaredError'] as const;

const schema = z.strictObject({
  temperature: z._default(z.number().check(z.gt(0)), 3),
  loss: z._default(
    z.union([z.enum(LOSSES), z.custom<SoftenedLoss>((value) => typeof value === 'function')], {
      error: `one of ${LOSSES.join(', ')}, or a function (teacher, student) => Scalar`,
    }),
    'klDivergence',
  ),
});

export type LogitsDistillationOptions = z.input<typeof schema>;

/**
 * Keras's `LogitsDistillation`: `T² · KL(softmax(t / T) ‖ softmax(s / T))`, the mean over the samples.
 *
 * From logits by construction, and with `T²` for every loss that is softened. In Keras the default, the
 * string `kl_divergence`, takes the divergence of raw logits clipped to [1e-7, 1], and only an instance
 * of `KLDivergence` gets the softmax and `T²`.
 *
 * A function of your own gets `softmax(t / T)` and `softmax(s / T)`; its value is multiplied by `T²`.
 *
 * @throws DistillError if the temperature is not above 0 or the loss is unknown.
 *
 * @example
 * new LogitsDistillation({ temperature: 10 });
 *
 * @see https://keras.io/api/models/distillation
 */
export class LogitsDistillation extends DistillationLoss {
  constructor(options: LogitsDistillationOptions = {}) {
    const { temperature, loss } = parseOptions(schema, options, 'LogitsDistillation');
    super('LogitsDistillation', criterionOf(temperature, loss));
  }
}

function criterionOf(temperature: number, loss: z.output<typeof schema>['loss']): Criterion {
  return {
    type: 'LogitsDistillation',
    requires: { sameOutputShape: true },
    compute: (ctx) =>
      typeof loss === 'function' ? custom(loss, temperature, ctx) : named(loss, temperature, ctx),
  };
}

function named(loss: (typeof LOSSES)[number], temperature: number, ctx: LossContext): Scalar {
  const { teacherOutputs, studentOutputs, batch } = ctx;
  const logits = [teacherOutputs.logits, studentOutputs.output] as const;
  const { weights } = batch;
  if (loss === 'meanSquaredError') return logitsMseLoss(...logits, { weights });
  const divergence = loss === 'klDivergence' ? 'kl' : 'crossEntropy';
  return kdLoss(...logits, { temperature, weights, divergence });
}

function custom(loss: SoftenedLoss, temperature: number, ctx: LossContext): Scalar {
  if (ctx.batch.weights !== undefined) {
    throw expected('weights', 'left out with a loss function of your own, which does not see them', 'some', {
      where: 'LogitsDistillation',
    });
  }
  const soften = (logits: Tensor) => softmax(div(logits, temperature));
  const value = loss(soften(ctx.teacherOutputs.logits), soften(ctx.studentOutputs.output));
  return mul(value, temperature ** 2);
}
