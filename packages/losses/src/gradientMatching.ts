import {
  argMax,
  cast,
  concat,
  grad,
  logSoftmax,
  mul,
  neg,
  oneHot,
  type Scalar,
  square,
  sub,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  DistillError,
  expected,
  type Inputs,
  defineCriterion,
  type LossContext,
  messageOf,
  type TeacherSource,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { featureLoss } from './featureLoss.js';
import { inputGradient, type SampleFunction, throughInputGradient } from './inputGradient.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { entriesOf, flattened, sumSamples } from './samples.js';
import { sampleWeights, withoutMaskedSamples } from './sampleWeights.js';
import { assertLabels, targetMask } from './targets.js';
import { unitVectors } from './unitVectors.js';
import { weighting, weightOptions } from './weighting.js';

export interface GradientMatchingOptions extends ReduceOptions {
  /** Divides each sample's gradient by its length: only where the model looks counts, not how much. Default false. */
  readonly normalize?: boolean;
}

/**
 * Matching of input gradients: `½ ‖J_s − J_t‖²` per sample, then reduced, where `J = ∂f/∂x` says which parts of the
 * input a model's answer hangs on.
 *
 * The paper writes the norm unsquared, whose gradient is infinite where the two agree.
 *
 * @param teacherGradients `[batch, …]`, of the input's shape.
 * @param studentGradients Same shape.
 * @param options `weights` are `[batch]`.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if the shapes differ.
 *
 * @example
 * gradientMatchingLoss(tensor2d([[1, 0]]), tensor2d([[0, 2]])); // ½ · (1 + 4) = 2.5
 *
 * @see Zagoruyko, Komodakis, "Paying More Attention to Attention", section 3.2, https://arxiv.org/abs/1612.03928 (2017)
 * @see Srinivas, Fleuret, "Knowledge Transfer with Jacobian Matching", https://arxiv.org/abs/1803.00443 (2018)
 */
export function gradientMatchingLoss(
  teacherGradients: Tensor,
  studentGradients: Tensor,
  { normalize = false, ...options }: GradientMatchingOptions = {},
): Scalar {
  const rule = { same: 'shape', where: 'gradientMatchingLoss' } as const;
  return featureLoss(rule, [teacherGradients, studentGradients], options, (teacher, student) => {
    const scaled = (x: Tensor) => (normalize ? unitVectors(flattened(x)) : x);
    const difference = sub(scaled(student), scaled(teacher));
    return { values: mul(sumSamples(square(difference)), 0.5), entries: entriesOf(student) };
  });
}

/**
 * Matching of input gradients, `type: 'gradient'`: the student's answer is to hang on the same parts of the input
 * as the teacher's.
 *
 * `of: 'loss'` takes gradients of the cross-entropy with the labels, as in the paper on attention; `'topLogit'` of the
 * teacher's largest logit, as in that on Jacobian matching (with `normalize: true`), and needs no labels.
 *
 * Needs a teacher that runs live on a single float input: both models are run once more, in inference mode,
 * and the student a third time on twice the batch, since TF.js has no second-order gradients to rely
 * on (see `throughInputGradient`). About four times the cost of a step.
 *
 * @param options.step How far the finite differences reach, relative to the inputs. Default 0.005.
 * @throws DistillError if an option is out of range; in training if the teacher cannot be differentiated.
 *
 * @example
 * gradientMatching({ weight: 0.1 });
 * gradientMatching({ of: 'topLogit', normalize: true });
 */
export const gradientMatching = defineCriterion({
  type: 'gradient',
  options: z.strictObject({
    of: z._default(z.enum(['loss', 'topLogit']), 'loss'),
    normalize: z._default(z.boolean(), false),
    step: z._default(z.number().check(z.gt(0), z.lt(1)), 0.005),
    reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'batchMean'),
    ...weightOptions(),
  }),
  create: ({ of, normalize, step, reduction, ...weights }) => ({
    ...weighting(weights),
    requires: { labels: of === 'loss' },
    compute: (ctx) => {
      const options = { normalize, reduction, weights: sampleWeights(ctx.batch.weights) };
      return tidy(() => matched(ctx, of === 'loss' ? lossOf(ctx) : topLogitOf(ctx), options, step));
    },
  }),
});

/** One value per sample of the logits `[…batch, classes]`; the batch comes `rounds` times. */
type Answer = (logits: Tensor, rounds: number) => Tensor;

function matched(ctx: LossContext, answer: Answer, options: GradientMatchingOptions, step: number): Scalar {
  const x = withoutMaskedSamples(singleInput(ctx.batch.x), options.weights);
  const student =
    (rounds: number): SampleFunction =>
    (input) =>
      answer(ctx.student.forward(input, { training: false }).output, rounds);
  const theirs = teacherGradient(ctx, answer, x);
  const ours = inputGradient(student(1), x);
  const compare = (gradients: Tensor) => gradientMatchingLoss(theirs, gradients, options);
  return throughInputGradient(student(2), x, { loss: compare(ours), v: grad(compare)(ours), step });
}

function lossOf({ labels, studentOutputs }: LossContext): Answer {
  assertLabels(labels, studentOutputs.output, WHERE);
  const mask = targetMask(labels, studentOutputs.output);
  return (logits, rounds) => neg(sumSamples(mul(repeated(mask, rounds), logSoftmax(logits))));
}

function topLogitOf({ teacherOutputs: { logits: given } }: LossContext): Answer {
  const mask = cast(oneHot(argMax(given, -1), given.shape.at(-1) ?? 1), 'float32');
  return (logits, rounds) => sumSamples(mul(repeated(mask, rounds), logits));
}

function repeated(mask: Tensor, rounds: number): Tensor {
  return rounds === 1 ? mask : concat(Array<Tensor>(rounds).fill(mask));
}

const WHERE = 'gradientMatching';

function singleInput(x: Inputs): Tensor {
  const { dtype } = x as Partial<Tensor>;
  if (dtype === 'float32') return x as Tensor;
  throw expected('batch.x', 'one float32 tensor', dtype ?? 'several tensors', {
    where: WHERE,
    hint: 'Nothing else has gradients.',
  });
}

function teacherGradient({ teacher: source, batch }: LossContext, answer: Answer, x: Tensor): Tensor {
  const teacher = source as TeacherSource;
  const run: SampleFunction = (input) => {
    const outputs = teacher.outputs({ ...batch, x: input });
    if (!(outputs instanceof Promise)) return answer(outputs.logits, 1);
    outputs.then(({ logits }) => logits.dispose()).catch(() => undefined); // its failure is not the news
    throw notLive(teacher, 'it answers later');
  };
  try {
    return inputGradient(run, x);
  } catch (error) {
    if (/Cannot compute gradient of y/.test(messageOf(error)))
      throw notLive(teacher, 'its answers are stored', error);
    throw error;
  }
}

function notLive({ name }: TeacherSource, why: string, cause?: unknown): DistillError {
  return new DistillError('OPTION', `Teacher "${name}" has no input gradients: ${why}.`, {
    where: WHERE,
    hint: 'Pass a teacher that runs live: a LayersModel, or (x) => logits.',
    cause,
  });
}
