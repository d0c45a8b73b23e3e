import {
  cast,
  greaterEqual,
  mul,
  randomUniform,
  relu,
  type Scalar,
  square,
  sub,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  createAdapter,
  defineCriterion,
  DistillError,
  expected,
  featureShape,
  Parameters,
  projection,
  type Shape,
  type TrainedPart,
  TrainedParts,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { featureOptions, pairedLayers, pairsOf, sumOf, withExtras } from './featureCriterion.js';
import { featureLoss } from './featureLoss.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { entriesOf, sumSamples } from './samples.js';
import { sampleWeights } from './sampleWeights.js';

const MASKS = ['positions', 'channels'] as const;

export interface MaskedGenerationOptions extends ReduceOptions {
  /** What is multiplied into the student's feature: 1 where it stays, 0 where not; broadcast to its shape. Default: all stays. */
  readonly mask?: Tensor;
  /** What makes the teacher's feature of the masked one. Default: nothing does. */
  readonly generate?: (masked: Tensor) => Tensor;
}

/**
 * Masked generation: `Σ (generate(s · mask) − t)²` over a sample's features, then reduced. The student's
 * feature has to hold enough for the teacher's whole one to be generated from a part of it.
 *
 * @param teacherFeatures `[batch, …]`.
 * @param studentFeatures Whatever `generate` brings to the same shape.
 * @param options `weights` are `[batch]`.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the generated shape differs from the teacher's.
 *
 * @example
 * const [t, s, mask] = [tensor2d([[1, 2]]), tensor2d([[1, 3]]), tensor2d([[0, 1]])];
 * maskedGenerationLoss(t, s, { mask }); // (0 − 1)² + (3 − 2)² = 2
 *
 * @see Yang et al., "Masked Generative Distillation", https://arxiv.org/abs/2205.01529 (2022)
 */
export function maskedGenerationLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  { mask, generate = (masked) => masked, ...options }: MaskedGenerationOptions = {},
): Scalar {
  const rule = { same: 'shape', where: 'maskedGenerationLoss' } as const;
  return tidy(() => {
    const generated = generate(mask === undefined ? studentFeatures : mul(studentFeatures, mask));
    return featureLoss(rule, [teacherFeatures, generated], options, (teacher, student) => ({
      values: sumSamples(square(sub(student, teacher))),
      entries: entriesOf(student),
    }));
  });
}

/**
 * A mask of which a part is 0.
 *
 * @param part 0 to 1: how much is masked, on average.
 * @param on Whole positions with all their channels, or whole channels.
 * @returns `[batch, …sizes, 1]` or `[batch, 1…, channels]`. The caller owns it.
 *
 * @example
 * randomMask([8, 4, 4, 16], { part: 0.65, on: 'positions', seed: 1 }); // [8, 4, 4, 1]
 */
export function randomMask(
  shape: readonly number[],
  { part, on, seed }: { readonly part: number; readonly on: (typeof MASKS)[number]; readonly seed: number },
): Tensor {
  const last = shape.length - 1;
  const masked = shape.map((size, axis) =>
    axis === 0 || (axis === last) === (on === 'channels') ? size : 1,
  );
  return tidy(() => cast(greaterEqual(randomUniform(masked, 0, 1, 'float32', seed), part), 'float32'));
}

/** What generates the teacher's map: alignment to its shape, then two 3×3 convolutions with a ReLU between. */
interface Generator extends TrainedPart {
  align(x: Tensor): Tensor;
  generate(masked: Tensor): Tensor;
}

function generator(from: Shape, to: Shape, seed: number, name: string): Generator {
  const channels = to.at(-1);
  if (to.length !== 4 || typeof channels !== 'number') {
    throw expected(
      'teacher',
      'layers that give maps, [batch, height, width, channels]',
      `[${to.join(', ')}]`,
      {
        where: name,
      },
    );
  }
  const adapter = createAdapter(from, to, { seed, name: `${name}/align` });
  const parameters = new Parameters(`${name}/generator`, seed);
  const convolution = { type: 'conv3x3', from: channels, to: channels } as const;
  const first = projection(parameters, { ...convolution, name: 'conv1/' });
  const second = projection(parameters, { ...convolution, name: 'conv2/' });
  return {
    variables: [...adapter.variables, ...parameters.variables],
    align: (x) => adapter.apply(x),
    generate: (masked) => second(relu(first(masked))),
    dispose: () => {
      adapter.dispose();
      parameters.dispose();
    },
  };
}

/**
 * Masked generative distillation (MGD), `type: 'mgd'`: summed over the pairs of layers. A mask is drawn anew for
 * each step, layer and sample.
 *
 * `weight: 2e-5` with the sum over a sample's map is the authors' for detectors; for classifiers they use
 * 7e-5 and `part: 0.5`. Model-Optimizer takes the mean and weight 1: `{ reduction: 'mean', weight: 1 }`.
 *
 * @throws DistillError if a layer is missing or the sizes cannot be matched.
 *
 * @example
 * maskedGeneration({ student: 'stage3', teacher: 'stage3' }); // part 0.65
 */
export const maskedGeneration = defineCriterion({
  type: 'mgd',
  options: z
    .strictObject({
      ...featureOptions(2e-5),
      part: z._default(z.number().check(z.gte(0), z.lt(1)), 0.65),
      maskOn: z._default(z.enum(MASKS), 'positions'),
      seed: z._default(z.int(), 0),
      reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    })
    .check(pairedLayers),
  taps: ({ student, teacher }) => ({ student, teacher }),
  create: (options) => {
    const { part, maskOn: on, seed, reduction } = options;
    const parts = new TrainedParts<Generator>('mgd', function* ({ student, teacher }) {
      if (teacher === undefined) throw new DistillError('OPTION', 'Criterion "mgd" needs a teacher.');
      for (const [i, layer] of options.student.entries()) {
        const other = options.teacher[i] ?? layer;
        const shapes = [featureShape(student, layer), featureShape(teacher, other)] as const;
        yield generator(...shapes, seed + i, `mgd/${layer}-${other}`);
      }
    });
    return withExtras(
      options,
      (ctx) =>
        sumOf(
          pairsOf(options, ctx).map(([teacher, student], i) => {
            const aligned = parts.at(i).align(student);
            const drawn = seed + ctx.globalStep * options.student.length + i;
            return maskedGenerationLoss(teacher, aligned, {
              mask: randomMask(aligned.shape, { part, on, seed: drawn + 1 }), // seed 0 would be none
              generate: (masked) => parts.at(i).generate(masked),
              reduction,
              weights: sampleWeights(ctx.batch.weights),
            });
          }),
        ),
      { parts },
    );
  },
});
