import {
  cast,
  div,
  exp,
  expandDims,
  greater,
  logSoftmax,
  matMul,
  maximum,
  mul,
  oneHot,
  type Scalar,
  sub,
  sum,
  type Tensor,
  tensor1d,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';
import { defineCriterion, expected, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertLogits, assertPositive } from './checks.js';
import { reduce, type ReduceOptions, SCALAR_REDUCTIONS, withoutMasked } from './reduction.js';
import { sameClass } from './sameClass.js';
import { assertLabels } from './targets.js';
import { weighting, weightOptions } from './weighting.js';
import { withGradient } from './withGradient.js';

export interface ClasswiseSelfOptions extends ReduceOptions {
  /** Class numbers `[batch]`, −1 where there is none, or distributions `[batch, classes]`. Default: the batch is in pairs, see below. */
  readonly labels?: Tensor | undefined;
  /** `T > 0`. Default 4. */
  readonly temperature?: number;
}

const WHERE = 'classwiseSelfLoss';

/**
 * Class-wise self-distillation: `T² · KL(softmax(z' / T) ‖ softmax(z / T))` per sample, then reduced, where `z'` are the
 * logits of another sample of the same class, a constant. Regularizes without any teacher.
 *
 * With labels, the mean over all other samples of the class in the batch: what the paper's random partner
 * gives on average. Without, a batch in pairs: sample `i` goes with `i + batch / 2`, either way. Samples that
 * have no partner count for nothing.
 *
 * @param logits Unscaled, `[batch, classes]`.
 * @param options `weights` are `[batch]`; samples of weight 0 are nobody's partners.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if shapes do not fit, `temperature` is not above 0, or a batch in pairs is odd.
 *
 * @example
 * const logits = tensor2d([[0, 2], [2, 0]]);
 * classwiseSelfLoss(logits, { temperature: 1 }); // 1.5232 either way
 * classwiseSelfLoss(logits, { labels: tensor1d([0, 1], 'int32') }); // 0: no two of one class
 *
 * @see Yun, Park, Lee, Shin, "Regularizing Class-wise Predictions via Self-knowledge Distillation", https://arxiv.org/abs/2003.13964 (2020)
 */
export function classwiseSelfLoss(logits: Tensor, options: ClasswiseSelfOptions = {}): Scalar {
  const { labels, temperature = 4, weights } = options;
  assertLogits({ logits }, weights, WHERE);
  assertPositive({ temperature }, { where: WHERE });
  if (logits.rank !== 2)
    throw expected('logits', 'a tensor [batch, classes]', `[${logits.shape.join(', ')}]`, { where: WHERE });
  if (labels !== undefined) assertLabels(labels, logits, WHERE);
  return tidy(() => {
    const student = withoutMasked(logits, weights);
    const { shares, paired } = partners(student, labels, weights);
    const values = withGradient(student, (x) => {
      const logProbs = logSoftmax(div(x, temperature));
      const probs = exp(logProbs);
      const target = matMul(shares, probs as Tensor2D); // mean over the partners, [batch, classes]
      const entropy = matMul(shares, sum<Tensor2D>(mul(probs, logProbs), 1, true));
      const divergence = sub(sum(entropy, 1), sum(mul(target, logProbs), 1));
      return {
        value: mul(divergence, temperature ** 2),
        gradient: mul(sub(mul(probs, expandDims(paired, 1)), target), temperature),
      };
    });
    const counted = weights === undefined ? paired : mul(paired, weights);
    return reduce(values, { ...options, weights: counted }, student.shape[1] ?? 1) as Scalar;
  });
}

interface Partners {
  /** What each sample's partners count for it: rows that sum to 1, or to 0 for want of any, `[batch, batch]`. */
  readonly shares: Tensor2D;
  /** 1 for samples with a partner, else 0, `[batch]`. */
  readonly paired: Tensor;
}

function partners(logits: Tensor, labels: Tensor | undefined, weights: Tensor | undefined): Partners {
  const together = labels === undefined ? halves(logits.shape[0] ?? 0) : sameClass(labels);
  const present = weights === undefined ? 1 : cast(greater(expandDims(weights, 0), 0), 'float32');
  const counts = mul(together, present);
  const total = sum(counts, 1, true);
  const shares = div<Tensor2D>(counts, maximum(total, 1)); // counts are whole: none or at least 1
  return { shares, paired: cast(greater(sum(total, 1), 0), 'float32') };
}

/** 1 for sample `i` with `i + batch / 2` and back. */
function halves(batch: number): Tensor {
  if (batch % 2 === 1) {
    const hint = 'Without labels, the second half of a batch has the partners of the first.';
    throw expected('batch', 'of an even number of samples', batch, { where: WHERE, hint });
  }
  const others = Int32Array.from({ length: batch }, (_, i) => (i + batch / 2) % batch);
  return cast(oneHot(tensor1d(others, 'int32'), batch), 'float32');
}

/**
 * Class-wise self-distillation (CS-KD), `type: 'cs-kd'`. Needs no teacher.
 *
 * `partners: 'class'` looks for them among the batch by its labels; `'halves'` takes a batch in pairs, as the authors'
 * sampler makes it. The task's own loss keeps weight 1.
 *
 * @throws DistillError if an option is out of range; in training if labels are missing or a batch in pairs is odd.
 *
 * @example
 * classwiseSelf(); // temperature 4, weight 1
 */
export const classwiseSelf = defineCriterion({
  type: 'cs-kd',
  options: z.strictObject({
    partners: z._default(z.enum(['class', 'halves']), 'class'),
    temperature: z._default(knobSchema({ above: 0 }), 4),
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    ...weightOptions(),
  }),
  create: ({ partners, temperature, reduction, ...weights }) => ({
    ...weighting(weights),
    requires: { teacher: false, labels: partners === 'class' },
    coupled: true,
    compute: (ctx) =>
      classwiseSelfLoss(ctx.studentOutputs.output, {
        labels: partners === 'class' ? ctx.labels : undefined,
        temperature: ctx.knob(temperature, 'temperature'),
        reduction,
        weights: ctx.batch.weights,
      }),
  }),
});
