import { mul, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import {
  ADAPTER_KINDS,
  type Adapter,
  createAdapter,
  crossEntropy,
  defineCriterion,
  expected,
  featureShape,
  knobSchema,
  type LossContext,
  TrainedParts,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertBetween } from './checks.js';
import { layerNames, sumOf, withExtras } from './featureCriterion.js';
import { hintLoss } from './hint.js';
import { kdLoss } from './knowledgeDistillation.js';
import { withoutMasked } from './reduction.js';
import { sampleWeights, withoutMaskedSamples } from './sampleWeights.js';
import { weightOptions } from './weighting.js';

export interface BeYourOwnTeacherOptions {
  /** Class numbers `[…batch]` or distributions `[…batch, classes]`. Needed where `alpha < 1`. */
  readonly labels?: Tensor | undefined;
  /** 0 to 1: share of the soft targets, the rest is the labels'. Default 0.3. */
  readonly alpha?: number;
  /** `T > 0` of the soft targets. Default 3. */
  readonly temperature?: number;
  /** `λ ≥ 0` of the features. Default 0.03. */
  readonly featureWeight?: number;
  /** The deepest exit's feature and those of the other exits, `[batch, …]` of one shape. Default none. */
  readonly features?: { readonly deepest: Tensor; readonly exits: readonly Tensor[] } | undefined;
  /** Weight of each sample, `[…batch]`, ≥ 0. Default 1. */
  readonly weights?: Tensor | undefined;
}

const WHERE = 'beYourOwnTeacherLoss';

/**
 * Self-distillation of a network with early exits: the deepest teaches the others.
 *
 * `Σ (1 − α) · CE(exit, labels) + α · T² · KL(softmax(deepest / T) ‖ softmax(exit / T)) + λ · ‖F_exit − F_deepest‖²` over the
 * exits before the deepest, as means over the samples. The deepest one's logits and feature are
 * constants: it learns by the task alone.
 *
 * @param deepestLogits Unscaled, `[…batch, classes]`.
 * @param exitLogits Those of the other exits, same shape.
 * @returns Non-negative scalar. The caller owns it.
 * @throws DistillError if there is no exit, labels are missing, shapes differ or an option is out of range.
 *
 * @example
 * const [deepest, exit] = [tensor2d([[0, 2]]), tensor2d([[2, 0]])];
 * beYourOwnTeacherLoss(deepest, [exit], { labels: tensor1d([1], 'int32'), temperature: 1 }); // 0.7 · 2.1269 + 0.3 · 1.5232 = 1.9458
 *
 * @see Zhang et al., "Be Your Own Teacher", https://arxiv.org/abs/1905.08094 (2019)
 */
export function beYourOwnTeacherLoss(
  deepestLogits: Tensor,
  exitLogits: readonly Tensor[],
  options: BeYourOwnTeacherOptions = {},
): Scalar {
  const { labels, alpha = 0.3, temperature = 3, featureWeight = 0.03, features, weights } = options;
  assertBetween({ alpha }, [0, 1], { where: WHERE });
  assertBetween({ featureWeight }, [0, Infinity], { where: WHERE });
  if (exitLogits.length === 0)
    throw expected('exitLogits', 'a list of one or more tensors', exitLogits, { where: WHERE });
  if (features && features.exits.length !== exitLogits.length) {
    throw expected('features.exits', `a list of ${exitLogits.length} tensors`, features.exits.length, {
      where: WHERE,
    });
  }
  return tidy(() => {
    const terms = exitLogits.flatMap((exit, i) => [
      ...(alpha > 0 ? [mul(kdLoss(deepestLogits, exit, { temperature, weights }), alpha)] : []),
      ...(alpha < 1 ? [mul(taskOf(exit, labels, weights), 1 - alpha)] : []),
      ...(features && featureWeight > 0
        ? [mul(featureOf(features.deepest, features.exits[i] as Tensor, weights), featureWeight)]
        : []),
    ]);
    return sumOf(terms as Scalar[]);
  });
}

function taskOf(exit: Tensor, labels: Tensor | undefined, weights: Tensor | undefined): Scalar {
  if (labels !== undefined) return crossEntropy(labels, withoutMasked(exit, weights), weights);
  throw expected('labels', 'given where `alpha` is below 1', labels, { where: WHERE });
}

function featureOf(deepest: Tensor, exit: Tensor, weights: Tensor | undefined): Scalar {
  return hintLoss(deepest, exit, { reduction: 'batchMean', weights: sampleWeights(weights) });
}

const features = z.strictObject({
  /** One layer for each exit. */
  exits: layerNames,
  deepest: z.string(),
  adapter: z._default(z.enum(ADAPTER_KINDS), 'auto'),
  seed: z._default(z.int(), 0),
});

/**
 * Self-distillation through early exits (BYOT), `type: 'byot'`. Needs no teacher: the student's own output is the
 * deepest exit.
 *
 * `exits` names the layers that give the other exits' logits, `features` those to draw to the deepest exit's
 * feature, through adapters where shapes differ. The task's loss is the deepest exit's own and keeps
 * weight 1; the authors' code gives it `1 − alpha` too: `taskWeight: 0.7`.
 *
 * Intel Neural Compressor leaves the temperature out of all groups but one and counts groups more than
 * once. `alpha`, `temperature` and `featureWeight` take a number or a schedule.
 *
 * @throws DistillError if a layer is missing or an option out of range; in training if labels are missing.
 *
 * @example
 * beYourOwnTeacher({
 *   exits: ['exit1', 'exit2'],
 *   features: { exits: ['bottleneck1', 'bottleneck2'], deepest: 'pool' },
 * });
 */
export const beYourOwnTeacher = defineCriterion({
  type: 'byot',
  options: z
    .strictObject({
      exits: layerNames,
      features: z.optional(features),
      alpha: z._default(knobSchema({ atLeast: 0, atMost: 1 }), 0.3),
      temperature: z._default(knobSchema({ above: 0 }), 3),
      featureWeight: z._default(knobSchema({ atLeast: 0 }), 0.03),
      ...weightOptions(),
    })
    .check(
      z.refine(({ exits, features }) => features === undefined || features.exits.length === exits.length, {
        path: ['features', 'exits'],
        error: 'one layer for each exit',
      }),
    ),
  taps: ({ exits, features }) => ({
    student: [...exits, ...(features ? [...features.exits, features.deepest] : [])],
  }),
  create: (options) => {
    const { exits, alpha, temperature, featureWeight } = options;
    const parts = adaptersOf(options.features);
    const compute = (ctx: LossContext): Scalar => {
      const share = ctx.knob(alpha, 'alpha');
      const { output, features: tapped } = ctx.studentOutputs;
      const { weights } = ctx.batch;
      const named = (name: string) => tapped[name] as Tensor;
      const feature = (name: string) => withoutMaskedSamples(named(name), sampleWeights(weights));
      return beYourOwnTeacherLoss(output, exits.map(named), {
        labels: share < 1 ? ctx.labels : undefined,
        alpha: share,
        temperature: ctx.knob(temperature, 'temperature'),
        featureWeight: ctx.knob(featureWeight, 'featureWeight'),
        features: options.features && {
          deepest: feature(options.features.deepest),
          exits: options.features.exits.map((name, i) => parts.at(i).apply(feature(name))),
        },
        weights,
      });
    };
    const requires = { teacher: false, labels: alpha !== 1 };
    return Object.assign(withExtras(options, compute, { parts }), { requires });
  },
});

/** From each exit's feature to the deepest one's shape. */
function adaptersOf(options: z.output<typeof features> | undefined): TrainedParts<Adapter> {
  return new TrainedParts('byot', function* ({ student }) {
    for (const [i, layer] of (options?.exits ?? []).entries()) {
      const { deepest, adapter: kind, seed } = options as z.output<typeof features>;
      const [from, to] = [featureShape(student, layer), featureShape(student, deepest)];
      yield createAdapter(from, to, { kind, seed: seed + i, name: `byot/${layer}-${deepest}` });
    }
  });
}
