import { type Tensor } from '@tensorflow/tfjs-core';
import {
  type Adapter,
  type Criterion,
  type CriterionFactory,
  featureAdapters,
  type LossContext,
  type PrepareContext,
  shapeMismatch,
  type TrainedParts,
  unknownName,
} from '@tfjs-distill/core';
import { COMPARING_SAMPLES, featureCriteria } from './featureCriteria.js';
import { overPairs } from './featureCriterion.js';
import { type CheckedMapping, type FeatureLossFunction } from './layerMapping.js';
import { sampleWeights, withoutMaskedSamples } from './sampleWeights.js';

/**
 * The criterion of one mapping; its adapters are the loss's own where it has some, else stand in front of it.
 *
 * @param index The mapping's place: adapters of one shape start from different weights.
 * @throws DistillError for a loss of no known type (nearest offered) or an option that the loss does not have.
 */
export function mappingCriterion(type: string, mapping: CheckedMapping, index: number): Criterion {
  const { loss, student, teacher, adapter, weight, seed = index } = mapping;
  if (typeof loss === 'function' && !isFactory(loss)) return ofFunction(type, loss, mapping, seed);
  const { type: name, ...options } =
    typeof loss === 'string' ? { type: loss } : isFactory(loss) ? { type: loss.type } : loss;
  const factory = isFactory(loss) ? loss : named(name);
  const known = optionsOf(factory);
  const criterion = factory({
    student,
    teacher,
    ...(known.has('seed') && { seed }),
    ...(known.has('adapter') && adapter !== undefined && { adapter }),
    ...(weight !== undefined && { weight }),
    ...options,
  });
  if (known.has('adapter')) return criterion;
  return adapter === undefined
    ? withRankCheck(criterion, mapping)
    : behind(featureAdapters(type, mapping, { kind: adapter, seed }), criterion, mapping);
}

function ofFunction(
  type: string,
  loss: FeatureLossFunction,
  mapping: CheckedMapping,
  seed: number,
): Criterion {
  const { adapter: kind = 'auto', weight = 1 } = mapping;
  const parts = featureAdapters(type, mapping, { kind, seed });
  return Object.assign(overPairs({ ...mapping, weight }, loss, { parts }), { type: loss.name || 'function' });
}

/** A criterion that sees the student's features through adapters. */
function behind(parts: TrainedParts<Adapter>, criterion: Criterion, { student }: CheckedMapping): Criterion {
  return {
    type: criterion.type,
    weight: criterion.weight,
    ...(criterion.requires && { requires: criterion.requires }),
    ...(criterion.coupled && { coupled: true }),
    get variables() {
      return [...parts.variables, ...(criterion.variables ?? [])];
    },
    get state() {
      return criterion.state ?? [];
    },
    prepare: (context) => {
      parts.prepare(context);
      criterion.prepare?.(context);
    },
    compute: (ctx) => {
      const { features, ...outputs } = ctx.studentOutputs;
      const weights = sampleWeights(ctx.batch.weights);
      const adapted = student.map((layer, i) => {
        const feature = withoutMaskedSamples(features[layer] as Tensor, weights);
        return [layer, parts.at(i).apply(feature, weights)] as const;
      });
      const seen = { ...outputs, features: { ...features, ...Object.fromEntries(adapted) } };
      return criterion.compute(withStudentOutputs(ctx, seen));
    },
    dispose: () => {
      parts.dispose();
      criterion.dispose?.();
    },
  };
}

/** The context as it is, but for what the student said. It may be a class with private state: no copy would do. */
function withStudentOutputs(ctx: LossContext, studentOutputs: LossContext['studentOutputs']): LossContext {
  return new Proxy(ctx, {
    get: (target, key) => (key === 'studentOutputs' ? studentOutputs : (Reflect.get(target, key) as unknown)),
  });
}

/** Losses without an adapter would meet a map beside a vector in the first step only. */
function withRankCheck(criterion: Criterion, mapping: CheckedMapping): Criterion {
  if (COMPARING_SAMPLES.includes(criterion.type)) return criterion;
  const prepare = criterion.prepare?.bind(criterion);
  return Object.assign(criterion, {
    prepare: (context: PrepareContext) => {
      checkRanks(criterion.type, mapping, context);
      prepare?.(context);
    },
  });
}

function checkRanks(type: string, mapping: CheckedMapping, { student, teacher }: PrepareContext): void {
  for (const [i, layer] of mapping.student.entries()) {
    const other = mapping.teacher[i] as string;
    const [ours, theirs] = [student.signature.features?.[layer], teacher?.signature.features?.[other]];
    if (ours === undefined || theirs === undefined || ours.length === theirs.length) continue;
    throw shapeMismatch(
      'features of one rank',
      { [layer]: ours, [other]: theirs },
      {
        where: `loss '${type}'`,
        hint: "Tap layers of one kind, or give the mapping adapter: 'auto', which makes a vector of a map.",
      },
    );
  }
}

function named(type: string): CriterionFactory {
  const known: Readonly<Record<string, CriterionFactory>> = featureCriteria;
  const factory = known[type];
  if (factory !== undefined) return factory;
  throw unknownName('loss', type, Object.keys(known), { where: 'mappings' });
}

const isFactory = (loss: unknown): loss is CriterionFactory =>
  typeof loss === 'function' && 'type' in loss && 'options' in loss;

function optionsOf({ options }: CriterionFactory): ReadonlySet<string> {
  const { shape = {} } = options._zod.def as { shape?: object };
  return new Set(Object.keys(shape));
}
