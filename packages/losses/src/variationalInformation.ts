import {
  add,
  div,
  log,
  mul,
  relu,
  type Scalar,
  softplus,
  sub,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  defineCriterion,
  DistillError,
  featureShape,
  Parameters,
  projection,
  type Shape,
  shapeMismatch,
  type TrainedPart,
  TrainedParts,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { featureOptions, pairedLayers, pairsOf, sumOf, withExtras } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { matchSizes } from './matchSizes.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { entriesOf, positionsOf, sumSamples } from './samples.js';
import { sampleWeights } from './sampleWeights.js';
import { squaredResiduals } from './squaredResiduals.js';

/** The least variance: σ² stays away from 0. */
const LEAST = 1e-5;
const WHERE = 'variationalInformationLoss';

/**
 * Variational information distillation: the Gaussian negative log-likelihood of the teacher's features,
 * `½ [(t − μ)² / σ² + log σ²]` summed over a sample's entries, then reduced, by default to the mean over
 * samples and entries. The mean `μ` is regressed from the student, `σ² = softplus(α) + 1e-5` is learned
 * per channel.
 *
 * @param teacherFeatures `[batch, …, channels]`.
 * @param studentMeans `μ`, same shape.
 * @param rawVariances `α`, `[channels]`; gets a gradient as the means do.
 * @param options `reduction` defaults to `mean`; `weights` are `[batch]`.
 * @returns Scalar, or `[batch]` with reduction `none`; at least `½ log σ²`, which may be negative. The caller owns it.
 * @throws DistillError if the shapes differ; it says which adapter mends that.
 *
 * @example
 * const alpha = tensor1d([Math.log(Math.E ** (1 - 1e-5) - 1)]); // σ² = 1
 * variationalInformationLoss(tensor2d([[3]]), tensor2d([[1]]), alpha); // ½ · 2² = 2
 *
 * @see Ahn et al., "Variational Information Distillation for Knowledge Transfer", https://arxiv.org/abs/1904.05835 (2019)
 */
export function variationalInformationLoss(
  teacherFeatures: Tensor,
  studentMeans: Tensor,
  rawVariances: Tensor,
  { reduction = 'mean', weights }: ReduceOptions = {},
): Scalar {
  const channels = teacherFeatures.shape.at(-1);
  if (rawVariances.shape.join() !== String(channels)) {
    const shapes = { rawVariances: rawVariances.shape, teacherFeatures: teacherFeatures.shape };
    throw shapeMismatch('one variance per channel', shapes, { where: WHERE });
  }
  const rule = { same: 'shape', where: WHERE } as const;
  return tidy(() => {
    const options = { reduction, weights };
    return featureLoss(rule, [teacherFeatures, studentMeans], options, (teacher, means) => {
      const variances = add(softplus(rawVariances), LEAST); // [channels]
      const [x, target] = [positionsOf(means), positionsOf(teacher)];
      const squares = squaredResiduals(x, (mean) => sub(mean, target), 1); // [batch, 1, channels]
      const likelihood = add(div(squares, variances), mul(log(variances), x.shape[1] ?? 1));
      return { values: mul(sumSamples(likelihood), 0.5), entries: entriesOf(means) };
    });
  });
}

/** What turns a student's features into the mean and variance of the teacher's. */
interface Regressor extends TrainedPart {
  readonly rawVariances: Tensor;
  readonly means: Layer;
}

interface RegressorOptions {
  readonly name: string;
  readonly seed: number;
  /** `σ²` at the start. */
  readonly variance: number;
}

/** Three 1×1 convolutions without bias and ReLU in between, as in RepDistiller. */
function regressor(from: Shape, to: Shape, { name, seed, variance }: RegressorOptions): Regressor {
  const [ours, theirs] = [from.at(-1) ?? null, to.at(-1) ?? null];
  if (from.length !== to.length || ours === null || theirs === null) {
    const hint = 'Tap layers of one kind and declare their channels.';
    throw shapeMismatch('features of one rank with known channels', { from, to }, { where: 'vid', hint });
  }
  const parameters = new Parameters(name, seed);
  const layers = [ours, theirs, theirs].map((channels, i) =>
    projection(parameters, { type: 'conv1x1', from: channels, to: theirs, bias: false, name: `${i + 1}/` }),
  );
  const [first, second, third] = layers as [Layer, Layer, Layer];
  const rawVariances = parameters.constant('variance', [theirs], Math.log(Math.expm1(variance - LEAST)));
  return {
    rawVariances,
    get variables() {
      return parameters.variables;
    },
    means: (x) => third(relu(second(relu(first(x))))),
    dispose: () => parameters.dispose(),
  };
}

type Layer = (x: Tensor) => Tensor;

/**
 * Variational information distillation, `type: 'vid'`: summed over the pairs of layers, usually the ends of
 * all stages. Regressors and variances are trained beside the student. The larger map is average-pooled
 * to the smaller.
 *
 * @throws DistillError if a layer is missing or its shape is not known.
 *
 * @example
 * variationalInformation({ student: ['stage1', 'stage2'], teacher: ['stage1', 'stage2'] }); // weight 1, σ² 5
 */
export const variationalInformation = defineCriterion({
  type: 'vid',
  options: z
    .strictObject({
      ...featureOptions(1),
      variance: z._default(z.number().check(z.gt(LEAST)), 5),
      seed: z._default(z.int(), 0),
      reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'mean'),
    })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { student: layers, teacher: others, variance, seed, reduction } = options;
    const parts = new TrainedParts('vid', function* ({ student, teacher }) {
      if (teacher === undefined) throw new DistillError('OPTION', 'Criterion "vid" needs a teacher.');
      for (const [i, layer] of layers.entries()) {
        const other = others[i] ?? layer;
        const name = `vid/${layer}-${other}`;
        const shapes = [featureShape(student, layer), featureShape(teacher, other)] as const;
        yield regressor(...shapes, { name, seed: seed + i, variance });
      }
    });
    return withExtras(
      options,
      (ctx) =>
        sumOf(
          pairsOf(options, ctx).map((pair, i) => {
            const [teacher, student] = matchSizes(...pair);
            const { means, rawVariances } = parts.at(i);
            const weights = sampleWeights(ctx.batch.weights);
            return variationalInformationLoss(teacher, means(student), rawVariances, { reduction, weights });
          }),
        ),
      { parts },
    );
  },
});
