import { mul, type Scalar, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import {
  type Adapter,
  createAdapter,
  type Criterion,
  DistillError,
  expected,
  featureShape,
  type LossContext,
  parseOptions,
  type PrepareContext,
  type Shape,
  TrainedParts,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { pairsOf, sumOf, withExtras } from '../featureCriterion.js';
import { sampleWeights } from '../sampleWeights.js';
import { FEATURE_DISTANCES, type FeatureDistanceName } from './featureDistances.js';
import { type Compat, type LossConfig } from './LossConfig.js';

/** Takes what it needs out of a layer's output, in inference and in training alike. */
export type FeatureProcess = (feature: Tensor) => Tensor;

/** A layer's name, or the name and what is done with its output. */
export type MappedLayer = string | readonly [name: string, process?: FeatureProcess | ''];

/** Student and teacher; one entry stands for the same name in both. */
export type LayerMapping = readonly [student: MappedLayer, teacher?: MappedLayer];

const WHERE = 'IntermediateLayersKnowledgeDistillationLossConfig';
const TYPES = Object.keys(FEATURE_DISTANCES) as [FeatureDistanceName, ...FeatureDistanceName[]];

const layer = z.custom<MappedLayer>((value) => {
  const [name, process = ''] = typeof value === 'string' ? [value] : (value as unknown as unknown[]);
  return typeof name === 'string' && (process === '' || typeof process === 'function');
}, 'the name of a layer, or [name, (feature) => feature]');

const schema = z.strictObject({
  layerMappings: z
    .array(
      z.custom<LayerMapping>(
        (value) => Array.isArray(value) && value.length > 0 && value.length < 3,
        '[student, teacher] or [both]',
      ),
    )
    .check(z.minLength(1)),
  lossTypes: z.optional(z.array(z.enum(TYPES))),
  lossWeights: z.optional(z.array(z.number().check(z.gte(0), z.lte(1)))),
  addOriginLoss: z._default(z.boolean(), false),
});

export type IntermediateLayersKnowledgeDistillationLossOptions = z.input<typeof schema>;

/**
 * Intel Neural Compressor's `IntermediateLayersKnowledgeDistillationLossConfig`:
 * `Σ wᵢ · Dᵢ(adapterᵢ(f_s), f_t)`, and the task's loss beside it, unweighted, if `addOriginLoss`.
 *
 * - `MSE` (default) and `L1`: means over samples and entries;
 * - `KL`: of the features as logits, the mean over samples and positions. With `compat: 'inc'` it guesses
 *   whether features are probabilities and divides by all entries, as there.
 *
 * Weights default to `1 / n`. There the adapters come after the optimizer, keyed by the student's layer, and
 * never learn; here each pair has its own, trained from the first step, also where several sizes differ.
 * The lists are read, never written to. Works on TensorFlow.js what there is "✖" for TensorFlow.
 *
 * @throws DistillError if lists differ in length; in `prepareCompression` if a layer is unknown or shapes
 *   cannot be matched.
 *
 * @example
 * new IntermediateLayersKnowledgeDistillationLossConfig({
 *   layerMappings: [['conv1', 'block2'], ['conv2', 'block4']],
 *   lossTypes: ['MSE', 'MSE'],
 *   lossWeights: [0.5, 0.5],
 *   addOriginLoss: true,
 * });
 *
 * @see https://github.com/intel/neural-compressor/blob/v2.6.1/neural_compressor/config.py
 */
export class IntermediateLayersKnowledgeDistillationLossConfig implements LossConfig {
  readonly options: z.output<typeof schema>;
  readonly needsTeacher = true;

  constructor(options: IntermediateLayersKnowledgeDistillationLossOptions) {
    this.options = parseOptions(schema, options, WHERE);
    const { layerMappings, lossTypes, lossWeights } = this.options;
    for (const [i, mapping] of layerMappings.entries())
      for (const side of mapping) parseOptions(layer, side, `${WHERE}: layerMappings[${i}]`);
    assertAsMany({ lossTypes, lossWeights }, layerMappings.length);
  }

  toCriterion(compat: Compat): Criterion {
    const { layerMappings, addOriginLoss } = this.options;
    const pairs = layerMappings.map(pairOf);
    const taps = {
      student: pairs.map(({ student }) => student.name),
      teacher: pairs.map(({ teacher }) => teacher.name),
    };
    const parts = new TrainedParts('inc', (context) => adaptersOf(pairs, context));
    const compute = (ctx: LossContext): Scalar =>
      sumOf(
        pairsOf(taps, ctx).map((features, i) =>
          this.#term(pairs[i] as Pair, parts.at(i), features, i, { ctx, compat }),
        ),
      );
    const weights = { weight: 1, taskWeight: addOriginLoss ? 1 : 0 };
    const type = 'IntermediateLayersKnowledgeDistillationLoss';
    return Object.assign(withExtras(weights, compute, { parts }), { type, taps });
  }

  #term(
    { student, teacher }: Pair,
    adapter: Adapter,
    [teacherFeature, studentFeature]: readonly [Tensor, Tensor],
    index: number,
    { ctx, compat }: { readonly ctx: LossContext; readonly compat: Compat },
  ): Scalar {
    const { lossTypes = [], lossWeights = [], layerMappings } = this.options;
    const weights = sampleWeights(ctx.batch.weights);
    const ours = adapter.apply(student.process(studentFeature), weights);
    const distance = FEATURE_DISTANCES[lossTypes[index] ?? 'MSE'];
    const adapted = adapter.variables.length > 0;
    const value = distance(teacher.process(teacherFeature), ours, { weights, compat, adapted });
    return mul(value, lossWeights[index] ?? 1 / layerMappings.length);
  }
}

interface Side {
  readonly name: string;
  readonly process: FeatureProcess;
}

interface Pair {
  readonly student: Side;
  readonly teacher: Side;
}

function pairOf([student, teacher = student]: LayerMapping): Pair {
  return { student: sideOf(student), teacher: sideOf(teacher) };
}

function sideOf(mapped: MappedLayer): Side {
  const [name, process] = typeof mapped === 'string' ? [mapped] : mapped;
  return { name, process: typeof process === 'function' ? process : (feature) => feature };
}

function* adaptersOf(pairs: readonly Pair[], { student, teacher }: PrepareContext): Iterable<Adapter> {
  if (teacher === undefined) throw new DistillError('OPTION', `${WHERE} needs a teacher.`);
  for (const [i, pair] of pairs.entries()) {
    const from = processedShape(featureShape(student, pair.student.name), pair.student);
    const to = processedShape(featureShape(teacher, pair.teacher.name), pair.teacher);
    yield createAdapter(from, to, { seed: i, name: `inc/${pair.student.name}-${pair.teacher.name}` });
  }
}

/** What a process makes of a feature's shape, found out on zeros. */
function processedShape(shape: Shape, { process }: Side): Shape {
  const processed: number[] = [];
  tidy(() => void processed.push(...process(zeros(shape.map((size) => size ?? 1))).shape));
  const sameRank = processed.length === shape.length;
  return processed.map((size, i) => (i === 0 || (sameRank && shape[i] === null) ? null : size));
}

function assertAsMany(lists: Readonly<Record<string, readonly unknown[] | undefined>>, count: number): void {
  for (const [name, list] of Object.entries(lists)) {
    if (list === undefined || list.length === 0 || list.length === count) continue;
    throw expected(name, `a list of ${count}, one for each mapping`, `${list.length}`, { where: WHERE });
  }
}
