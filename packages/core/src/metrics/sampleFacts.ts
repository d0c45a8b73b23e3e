import {
  argMax,
  cast,
  equal,
  exp,
  expandDims,
  fill,
  greater,
  less,
  logicalAnd,
  logicalOr,
  logSoftmax,
  max,
  mul,
  neg,
  oneHot,
  range,
  type Rank,
  reshape,
  stack,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tidy,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { shapeMismatch } from '../errors.js';

/** The columns of `sampleFacts`, in order. The last three are there with a teacher only. */
export const FACTS = [
  'truth', // label, −1 without one
  'answer', // class of the highest logit
  'confidence', // its probability
  'crossEntropy', // nats
  'rank', // how many classes come before the label's; 0 where the answer is right
  'teacherAnswer',
  'teacherConfidence',
  'klToTeacher', // KL(teacher ‖ model) at temperature 1, nats
] as const;

export type Fact = (typeof FACTS)[number];

/**
 * Everything that metrics of classification need to know of each sample, in one tensor: one read gives it all.
 *
 * @param logits Unscaled, `[…batch, classes]`.
 * @param labels Class numbers `[…batch]`, −1 where there is none, or distributions `[…batch, classes]`.
 * @param teacherLogits As `logits`.
 * @returns `[positions, 5]`, or `[positions, 8]` with a teacher, float32: the columns of `FACTS`. The caller owns it.
 * @throws DistillError `SHAPE` if the shapes do not fit.
 * @example sampleFacts(tensor2d([[0, 2]]), tensor1d([1])) // [[1, 1, 0.881, 0.127, 0]]
 */
export function sampleFacts(logits: Tensor, labels?: Tensor, teacherLogits?: Tensor): Tensor2D {
  const classes = logits.shape.at(-1) ?? 0;
  return tidy(() => {
    const z = reshape<Rank.R2>(cast(logits, 'float32'), [-1, classes]);
    const { truth, targets } = asTargets(labels, logits);
    const logProbs = logSoftmax(z);
    const own = [
      truth,
      argMax(z, -1),
      exp(max(logProbs, -1)),
      neg(sum(where(greater(targets, 0), mul(targets, logProbs), 0), -1)),
      rankOf(truth, z),
    ];
    const teacher = teacherLogits === undefined ? [] : factsOfTeacher(logits, logProbs, teacherLogits);
    const columns = [...own, ...teacher].map((column) => cast(column, 'float32'));
    return stack(columns, 1) as Tensor2D;
  });
}

/** Labels in both forms: class numbers `[positions]` and distributions `[positions, classes]`. */
function asTargets(labels: Tensor | undefined, logits: Tensor): { truth: Tensor; targets: Tensor } {
  const classes = logits.shape.at(-1) ?? 0;
  const positions = logits.size / classes;
  if (labels === undefined)
    return { truth: fill([positions], -1, 'int32'), targets: fill([positions, classes], 0) };
  if (labels.rank === logits.rank && same(labels.shape, logits.shape)) {
    const targets = reshape(cast(labels, 'float32'), [-1, classes]);
    const none = equal(sum(targets, -1), 0);
    // wasm's `where` takes the bytes of both as they are: one type
    return { truth: cast(where(none, -1, cast(argMax(targets, -1), 'float32')), 'int32'), targets };
  }
  if (!same(labels.shape, logits.shape.slice(0, -1)))
    throw shapeMismatch('labels and logits that fit', { labels: labels.shape, logits: logits.shape });
  const truth = reshape(cast(labels, 'int32'), [-1]);
  return { truth, targets: cast(oneHot(truth, classes), 'float32') };
}

/** Classes with a higher logit than the label's, and those as high that come first, as `argMax` takes them. */
function rankOf(truth: Tensor, z: Tensor2D): Tensor {
  const classes = z.shape[1];
  const label = expandDims(truth, 1);
  const numbers = expandDims(range(0, classes, 1, 'int32'), 0);
  const own = sum(where(equal(numbers, label), z, zerosLike(z)), 1, true);
  const before = logicalOr(greater(z, own), logicalAnd(equal(z, own), less(numbers, label)));
  return sum(cast(before, 'float32'), 1);
}

function factsOfTeacher(logits: Tensor, logProbs: Tensor, teacherLogits: Tensor): Tensor[] {
  if (!same(teacherLogits.shape, logits.shape))
    throw shapeMismatch('teacher and model to give logits of one shape', {
      teacher: teacherLogits.shape,
      model: logits.shape,
    });
  const teacherLogProbs = logSoftmax(reshape(cast(teacherLogits, 'float32'), logProbs.shape));
  const probs = exp(teacherLogProbs);
  return [
    argMax(teacherLogProbs, -1),
    max(probs, -1),
    sum(where(greater(probs, 0), mul(probs, sub(teacherLogProbs, logProbs)), zerosLike(probs)), -1),
  ];
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.join() === b.join();
}
