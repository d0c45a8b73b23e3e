import { addN, mul, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import {
  type Adapter,
  createAdapter,
  type Criterion,
  type CriterionLike,
  expected,
  featureShape,
  type LossContext,
  parseOptions,
  TrainedParts,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { withExtras } from '../featureCriterion.js';
import { selfDistillation } from '../selfDistillation.js';
import { EXIT_DISTANCES, type ExitDistanceName, INC_EXIT_DISTANCES } from './exitDistances.js';
import { type Compat, type LossConfig } from './LossConfig.js';

const WHERE = 'SelfKnowledgeDistillationLossConfig';
const TYPES = Object.keys(EXIT_DISTANCES) as [ExitDistanceName, ...ExitDistanceName[]];

const pair = z.tuple([z.string(), z.string()], { error: 'the names of two layers: [shallower, deeper]' });

const schema = z
  .strictObject({
    layerMappings: z._default(z.array(z.array(pair).check(z.minLength(1))), []),
    temperature: z._default(z.number().check(z.gt(0)), 1),
    lossTypes: z._default(z.array(z.enum(TYPES)), []),
    lossWeights: z._default(z.array(z.number().check(z.gte(0), z.lte(1))), []),
    addOriginLoss: z._default(z.boolean(), false),
  })
  .check(
    z.refine(
      ({ layerMappings, lossTypes, lossWeights }) =>
        [lossTypes, lossWeights].every((list) => list.length === layerMappings.length),
      { error: '`layerMappings`, `lossTypes` and `lossWeights` of one length: one entry for each group' },
    ),
  );

export type SelfKnowledgeDistillationLossOptions = z.input<typeof schema>;

/**
 * Intel Neural Compressor's `SelfKnowledgeDistillationLossConfig`: groups of pairs of layers, the deeper of
 * which teaches the shallower: `Σ_g w_g · Σ_pairs D_g(shallower, deeper)`, and the task's loss beside it,
 * unweighted, if `addOriginLoss`. `CE` and `KL` take logits, `L2` takes features.
 *
 * Mended: the temperature holds for every group of logits, with `T²`; each group counts once; the deeper
 * layer is a constant; `L2` is a mean over the samples, and features of different shapes get adapters. With
 * `compat: 'inc'` the temperature is that of the second group only, without `T²`, group `g` of `G` counts
 * `G − g` times, `L2` is one norm over the batch, and the gradient runs into the deeper layer too.
 *
 * Without groups (there an error, though it is the default) the student's attached exits are taught by its
 * deepest classifier: `selfDistillation()`, the task's loss included.
 *
 * @throws DistillError if lists differ in length; in `prepareCompression` if a layer is unknown.
 *
 * @example
 * new SelfKnowledgeDistillationLossConfig({
 *   layerMappings: [[['exit1_feature', 'pool']], [['exit1_logits', 'logits']]],
 *   temperature: 3, lossTypes: ['L2', 'CE'], lossWeights: [0.03, 0.3], addOriginLoss: true,
 * });
 *
 * @see https://github.com/intel/neural-compressor/blob/v2.6.1/neural_compressor/config.py
 */
export class SelfKnowledgeDistillationLossConfig implements LossConfig {
  readonly options: z.output<typeof schema>;
  readonly needsTeacher = false;

  constructor(options: SelfKnowledgeDistillationLossOptions = {}) {
    this.options = parseOptions(schema, options, WHERE);
  }

  toCriterion(compat: Compat): CriterionLike {
    const { layerMappings, temperature, addOriginLoss } = this.options;
    if (layerMappings.length === 0) return selfDistillation(temperature === 1 ? {} : { temperature });
    const pairs = layerMappings.flat();
    const parts = new TrainedParts(WHERE, (context) => adaptersOf(this.#grouped(), context.student));
    const compute = (ctx: LossContext): Scalar => this.#loss(ctx, compat, parts);
    const weights = { weight: 1, taskWeight: addOriginLoss ? 1 : 0 };
    return Object.assign(withExtras(weights, compute, { parts }), {
      type: 'SelfKnowledgeDistillationLoss',
      taps: { student: [...new Set(pairs.flat())] },
      requires: { teacher: false },
    }) satisfies Criterion;
  }

  /** Each pair with its group. */
  #grouped() {
    const { layerMappings, lossTypes, lossWeights } = this.options;
    return layerMappings.flatMap((group, index) =>
      group.map(([shallower, deeper]) => ({
        shallower,
        deeper,
        index,
        distance: lossTypes[index] as ExitDistanceName,
        weight: lossWeights[index] as number,
      })),
    );
  }

  #loss({ studentOutputs, batch }: LossContext, compat: Compat, parts: TrainedParts<Adapter>): Scalar {
    const { temperature, layerMappings } = this.options;
    const named = (name: string) => studentOutputs.features[name] as Tensor;
    const terms = this.#grouped().map(({ shallower, deeper, index, distance, weight }, i) => {
      const features = [named(deeper), parts.at(i).apply(named(shallower))] as const;
      if (compat === 'default')
        return mul(EXIT_DISTANCES[distance](...features, { temperature, weights: batch.weights }), weight);
      const options = { temperature: index === 1 ? temperature : 1 };
      const times = layerMappings.length - index; // its sum is never reset between groups
      return mul(INC_EXIT_DISTANCES[distance](...features, options), weight * times);
    });
    return addN(terms) as Scalar;
  }
}

type Grouped = Iterable<{ shallower: string; deeper: string; distance: ExitDistanceName }>;

/** Logits must have one shape; features are brought to one. */
function* adaptersOf(groups: Grouped, student: Parameters<typeof featureShape>[0]): Iterable<Adapter> {
  for (const [i, { shallower, deeper, distance }] of [...groups].entries()) {
    const [from, to] = [featureShape(student, shallower), featureShape(student, deeper)];
    if (distance !== 'L2' && from.join() !== to.join()) {
      throw expected(
        `${shallower}, ${deeper}`,
        `logits of one shape for ${distance}`,
        [from.join(), to.join()],
        {
          where: WHERE,
        },
      );
    }
    yield createAdapter(from, to, { seed: i, name: `inc/${shallower}-${deeper}` });
  }
}
