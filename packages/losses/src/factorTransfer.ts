import {
  abs,
  clone,
  leakyRelu,
  mul,
  type Scalar,
  sign,
  square,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';
import {
  batchNormalize,
  defineCriterion,
  DistillError,
  featureShape,
  type Knob,
  type LossContext,
  Parameters,
  projection,
  type Shape,
  shapeMismatch,
  type TrainedPart,
  TrainedParts,
  valueOf,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { featureOptions, pairedLayers, pairsOf, sumOf, withExtras } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { hintLoss } from './hint.js';
import { matchSizes } from './matchSizes.js';
import { noGrad } from './noGrad.js';
import { normalized, throughNorm } from './normalized.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { entriesOf, flattened } from './samples.js';
import { sampleWeights } from './sampleWeights.js';
import { withGradient } from './withGradient.js';

export interface FactorTransferOptions extends ReduceOptions {
  /** `p`: absolute or squared differences. Default 1. */
  readonly norm?: 1 | 2;
}

/**
 * Factor transfer: `Σ |F_s / ‖F_s‖₂ − F_t / ‖F_t‖₂|^p` per sample, then reduced, by default to the mean over
 * samples and entries. Factors are what a paraphraser says of the teacher's map and a translator of
 * the student's.
 *
 * The whole factor is divided by its norm, as in the paper; RepDistiller first averages squares over
 * the channels.
 *
 * @param teacherFactors `[batch, …]`.
 * @param studentFactors Same shape.
 * @param options `reduction` defaults to `mean`; `weights` are `[batch]`.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes differ.
 *
 * @example
 * factorTransferLoss(tensor2d([[1, 0]]), tensor2d([[3, 4]])); // (|0.6 − 1| + 0.8) / 2 = 0.6
 *
 * @see Kim, Park, Kwak, "Paraphrasing Complex Network: Network Compression via Factor Transfer", https://arxiv.org/abs/1802.04977 (2018)
 */
export function factorTransferLoss(
  teacherFactors: Tensor,
  studentFactors: Tensor,
  { norm: p = 1, reduction = 'mean', weights }: FactorTransferOptions = {},
): Scalar {
  const rule = { same: 'shape', where: 'factorTransferLoss' } as const;
  return featureLoss(rule, [teacherFactors, studentFactors], { reduction, weights }, (teacher, student) => {
    const values = withGradient(flattened(student), (x) => {
      const factors = normalized(x);
      const difference = sub(factors.unit, normalized(flattened(teacher)).unit);
      const slope = p === 1 ? sign(difference) : mul(difference, 2);
      return {
        value: sum(p === 1 ? abs(difference) : square(difference), 1),
        gradient: throughNorm(slope, factors),
      };
    });
    return { values, entries: entriesOf(student) };
  });
}

type Layer = (x: Tensor, weights?: Tensor) => Tensor;

/** The trained networks of one pair of layers. */
interface FactorNetworks extends TrainedPart {
  /** The teacher's map to its factor. */
  readonly paraphrase: Layer;
  /** A factor back to the teacher's map. */
  readonly reconstruct: Layer;
  /** The student's map to a factor. */
  readonly translate: Layer;
}

interface NetworkOptions {
  readonly name: string;
  readonly seed: number;
  readonly factor: number;
  readonly kernel: 'conv3x3' | 'conv1x1';
  readonly batchNorm: boolean;
}

/** Three convolutions with leaky ReLU each way; batch normalisation in the translator, as in RepDistiller. */
function factorNetworks(from: Shape, to: Shape, options: NetworkOptions): FactorNetworks {
  const [ours, theirs] = [from.at(-1) ?? null, to.at(-1) ?? null];
  if (from.length !== 4 || to.length !== 4 || ours === null || theirs === null) {
    const hint = 'Tap maps [batch, height, width, channels] and declare their channels.';
    throw shapeMismatch('two maps with known channels', { from, to }, { where: 'ft', hint });
  }
  const { name, seed, factor, kernel, batchNorm } = options;
  const parameters = new Parameters(name, seed);
  const stack = (part: string, channels: readonly number[], normalized: boolean): Layer => {
    const layers = channels.slice(1).map((to, i) => {
      const from = channels[i] ?? to;
      const prefix = `${part}${i + 1}/`;
      const convolve = projection(parameters, { type: kernel, from, to, name: prefix });
      const normalize = normalized ? batchNormalize(parameters, to, prefix) : (x: Tensor) => x;
      return (x: Tensor, weights?: Tensor) => leakyRelu(normalize(convolve(x), weights), 0.1);
    });
    return (x, weights) => layers.reduce((value, layer) => layer(value, weights), x);
  };
  const code = Math.max(1, Math.floor(theirs * factor));
  return {
    paraphrase: stack('encoder', [theirs, theirs, code, code], false),
    reconstruct: stack('decoder', [code, code, theirs, theirs], false),
    translate: stack('translator', [ours, ours, code, code], batchNorm),
    get variables() {
      return parameters.variables;
    },
    dispose: () => parameters.dispose(),
  };
}

/**
 * Factor transfer, `type: 'ft'`: summed over the pairs of layers; usually the last map. The larger map is
 * average-pooled to the smaller.
 *
 * In two stages: for `pretrainEpochs` the term is the paraphraser's reconstruction error, weight 1, and
 * sends nothing to the student; from then on the paraphraser rests and the student learns its
 * factors. The paper pre-trains 30 of 240 epochs; set `taskWeight` to a schedule to let the task wait.
 *
 * @throws DistillError if a layer is missing or its shape is not known.
 *
 * @example
 * factorTransfer({ student: 'stage3', teacher: 'stage3', pretrainEpochs: 30 }); // weight 200, factor 0.5
 */
export const factorTransfer = defineCriterion({
  type: 'ft',
  options: z
    .strictObject({
      ...featureOptions(200),
      pretrainEpochs: z._default(z.int().check(z.gte(0)), 1),
      factor: z._default(z.number().check(z.gt(0)), 0.5),
      kernel: z._default(z.enum(['conv3x3', 'conv1x1']), 'conv3x3'),
      batchNorm: z._default(z.boolean(), true),
      norm: z._default(z.union([z.literal(1), z.literal(2)]), 1),
      seed: z._default(z.int(), 0),
      reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'mean'),
    })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { student: layers, teacher: others, pretrainEpochs, norm, seed, reduction, weight } = options;
    const parts = new TrainedParts('ft', function* ({ student, teacher }) {
      if (teacher === undefined) throw new DistillError('OPTION', 'Criterion "ft" needs a teacher.');
      for (const [i, layer] of layers.entries()) {
        const other = others[i] ?? layer;
        const shapes = [featureShape(student, layer), featureShape(teacher, other)] as const;
        yield factorNetworks(...shapes, { ...options, name: `ft/${layer}-${other}`, seed: seed + i });
      }
    });
    const pretrains = ({ epoch }: { readonly epoch: number }) => epoch < pretrainEpochs;
    const staged: Knob = (progress) => (pretrains(progress) ? 1 : valueOf(weight, progress, 'ft.weight'));
    const term = (ctx: LossContext, [teacher, student]: readonly [Tensor, Tensor], i: number): Scalar => {
      const weights = sampleWeights(ctx.batch.weights);
      const { paraphrase, reconstruct, translate } = parts.at(i);
      if (pretrains(ctx)) {
        const constant = noGrad(() => clone(teacher));
        return hintLoss(constant, reconstruct(paraphrase(constant)), { weights });
      }
      const factors = matchSizes(
        noGrad(() => paraphrase(teacher)),
        translate(student, weights),
      );
      return factorTransferLoss(...factors, { norm, reduction, weights });
    };
    const compute = (ctx: LossContext) => sumOf(pairsOf(options, ctx).map((pair, i) => term(ctx, pair, i)));
    return withExtras({ ...options, weight: staged }, compute, { parts, coupled: options.batchNorm });
  },
});
