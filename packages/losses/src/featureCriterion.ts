import { addN, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import {
  type Adapter,
  ADAPTER_KINDS,
  type AdapterKind,
  type Criterion,
  type Knob,
  type LossContext,
  type TrainedPart,
  type TrainedParts,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { sampleWeights, withoutMaskedSamples } from './sampleWeights.js';
import { weighting, weightOptions } from './weighting.js';

/** Schema of an option that names one layer or several; always a list once checked. */
export const layerNames = z.pipe(
  z.union([z.string(), z.array(z.string()).check(z.minLength(1))], {
    error: 'the name of a layer or a list of names',
  }),
  z.transform((names) => (typeof names === 'string' ? [names] : names)),
);

/** Options that all criteria on features have. `weight` is the method's usual one. */
export const featureOptions = (weight: number) => ({
  student: layerNames,
  teacher: layerNames,
  ...weightOptions(weight),
});

/** Options of criteria that bring the student's features to the teacher's shape. */
export const adapterOptions = (kind: AdapterKind = 'auto') => ({
  adapter: z._default(z.enum(ADAPTER_KINDS), kind),
  seed: z._default(z.int(), 0),
});

interface Layers {
  readonly student: readonly string[];
  readonly teacher: readonly string[];
}

/** A check for schemas: layers are compared one to one. */
export const pairedLayers = z.refine<Layers>(({ student, teacher }) => student.length === teacher.length, {
  error: 'as many student layers as teacher layers',
});

export interface FeatureOptions extends Layers {
  readonly weight: Knob;
  readonly taskWeight?: Knob | undefined;
}

/** Loss of one pair of layers; `index` is the pair's place in the list. */
export type PairLoss = (teacher: Tensor, student: Tensor, ctx: LossContext, index: number) => Scalar;

/** What a criterion has beyond its term. */
export interface Extras<Part extends TrainedPart = TrainedPart> {
  /** Trained beside the student. */
  readonly parts?: TrainedParts<Part>;
  /** Compares the samples of a batch. Default false. */
  readonly coupled?: boolean;
}

/**
 * The common part of criteria on pairs of layers: the sum of a loss over the pairs.
 *
 * @param parts Adapters, applied to the student's side first.
 */
export function overPairs(
  options: FeatureOptions,
  loss: PairLoss,
  { parts, coupled }: Extras<Adapter> = {},
): Omit<Criterion, 'type'> {
  const compute = (ctx: LossContext): Scalar => {
    const weights = sampleWeights(ctx.batch.weights);
    const terms = pairsOf(options, ctx).map(([teacher, student], i) =>
      loss(teacher, parts?.at(i).apply(student, weights) ?? student, ctx, i),
    );
    return sumOf(terms);
  };
  return withExtras(options, compute, { ...(parts && { parts }), ...(coupled && { coupled }) });
}

/** The tapped features of a step, layer by layer; samples of weight 0 are emptied before anything learns of them. */
export function pairsOf(
  { student, teacher }: Layers,
  { studentOutputs, teacherOutputs, batch }: LossContext,
): (readonly [teacher: Tensor, student: Tensor])[] {
  const weights = sampleWeights(batch.weights);
  return student.map((layer, i) => [
    withoutMaskedSamples(teacherOutputs.features[teacher[i] ?? layer] as Tensor, weights),
    withoutMaskedSamples(studentOutputs.features[layer] as Tensor, weights),
  ]);
}

/** A criterion of its term, its weights and its extras. */
export function withExtras(
  options: Pick<FeatureOptions, 'weight' | 'taskWeight'>,
  compute: (ctx: LossContext) => Scalar,
  { parts, coupled = false }: Extras = {},
): Omit<Criterion, 'type'> {
  return {
    ...weighting(options),
    coupled,
    get variables() {
      return parts?.variables ?? [];
    },
    get state() {
      return parts?.state ?? [];
    },
    prepare: (context) => parts?.prepare(context),
    compute,
    dispose: () => parts?.dispose(),
  };
}

/** The sum of one or more scalars. */
export function sumOf(terms: readonly Scalar[]): Scalar {
  const [first] = terms;
  return terms.length === 1 ? (first as Scalar) : addN([...terms]);
}

/** Share of layer `index` of `count`, shallow to deep: 1 for the deepest, half for each one before it. */
export const depthShare = (index: number, count: number): number => 2 ** (index - count + 1);
