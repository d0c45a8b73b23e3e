import { clone, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import {
  defineCriterion,
  DistillError,
  featureShape,
  knobSchema,
  type LossContext,
  type PrepareContext,
  shapeMismatch,
  TrainedParts,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { assertFeatures } from './assertFeatures.js';
import { type ClassifierProjector, classifierProjector } from './classifierProjector.js';
import { pairsOf, withExtras } from './featureCriterion.js';
import { hintLoss } from './hint.js';
import { matchSizes } from './matchSizes.js';
import { noGrad } from './noGrad.js';
import { type ReduceOptions, SCALAR_REDUCTIONS } from './reduction.js';
import { sampleWeights } from './sampleWeights.js';

export interface ReusedClassifierOptions extends ReduceOptions {
  /** Takes the student's map to the teacher's channels. Default: nothing does. */
  readonly project?: (student: Tensor) => Tensor;
}

/**
 * Alignment with the teacher's last feature: `Σ (project(s) − t)²` over a sample's map, then reduced, by default
 * to the mean over samples and entries. The larger of the two maps is average-pooled to the smaller,
 * the student's before it is projected.
 *
 * @param teacherFeatures `[batch, …sizes, channels]`, what the teacher's pooling and classifier go on from.
 * @param studentFeatures `[batch, …sizes, other channels]`.
 * @param options `weights` are `[batch]`.
 * @returns Non-negative scalar, or `[batch]` with reduction `none`. The caller owns it.
 * @throws DistillError if a feature is a vector, or the projected channels differ from the teacher's.
 *
 * @example
 * const [t, s] = [ones([1, 2, 2, 3]), zeros([1, 4, 4, 3])];
 * reusedClassifierLoss(t, s); // 1
 *
 * @see Chen et al., "Knowledge Distillation with the Reused Teacher Classifier", https://arxiv.org/abs/2203.14001 (2022)
 */
export function reusedClassifierLoss(
  teacherFeatures: Tensor,
  studentFeatures: Tensor,
  { project = clone, reduction = 'mean', weights }: ReusedClassifierOptions = {},
): Scalar {
  const rule = { rank: 3, same: 'samples', where: 'reusedClassifierLoss' } as const;
  assertFeatures({ teacherFeatures, studentFeatures }, weights, rule);
  return tidy(() => {
    const [teacher, student] = matchSizes(noGrad(() => clone(teacherFeatures)), studentFeatures); // prettier-ignore
    return hintLoss(teacher, project(student), { reduction, weights });
  });
}

/** What there is of a reused classifier beside its term: all that a deployed student needs. */
export interface ReusedClassifier {
  readonly studentLayer: string;
  readonly teacherLayer: string;
  /** Exists from prepareCompression until the manager's dispose. */
  readonly projector: () => ClassifierProjector;
}

/** Where a criterion of type `simkd` keeps it. */
export const REUSED = Symbol('reused classifier');

const options = z.strictObject({
  student: z.string(),
  teacher: z.string(),
  factor: z._default(z.number().check(z.gt(0)), 2),
  seed: z._default(z.int(), 0),
  reduction: z._default(z.enum(SCALAR_REDUCTIONS), 'mean'),
  weight: z._default(knobSchema({ atLeast: 0 }), 1),
  taskWeight: z._default(knobSchema({ atLeast: 0 }), 0),
});

function projectorOf(
  { student: layer, teacher: other, factor, seed }: z.output<typeof options>,
  { student, teacher }: PrepareContext,
): ClassifierProjector {
  if (teacher === undefined) throw new DistillError('OPTION', 'Criterion "simkd" needs a teacher.');
  const [ours, theirs] = [featureShape(student, layer), featureShape(teacher, other)];
  const [from, to] = [ours.at(-1), theirs.at(-1)];
  if (ours.length === 4 && theirs.length === 4 && typeof from === 'number' && typeof to === 'number') {
    return classifierProjector({ from, to, reduction: factor, seed, name: `simkd/${layer}-${other}` });
  }
  const hint = 'Tap the last maps before pooling.';
  throw shapeMismatch('maps of known channels', { student: ours, teacher: theirs }, { where: 'simkd', hint });
}

/**
 * Distillation with the reused teacher classifier (SimKD), `type: 'simkd'`: the student's last map, through a
 * learned projector, is drawn to the teacher's; pooling and classifier are then the teacher's own.
 *
 * The task's loss has weight 0, as in the paper: the student's own classifier is not trained, and metrics of the
 * student alone say nothing. What is deployed is student, projector and the teacher's classifier:
 * `reusedClassifierModel(criterion, student, teacher)`, before the manager is disposed.
 *
 * @param options.factor How much narrower the projector's middle is than the teacher's map. Default 2.
 * @throws DistillError if a layer is missing or gives no map.
 *
 * @example
 * const criterion = reusedClassifier({ student: 'stage3', teacher: 'stage3' });
 * const manager = prepareCompression(student, { teacher, criterion });
 * await manager.fit(data, { epochs: 30 });
 * const deployed = reusedClassifierModel(criterion, student, teacher);
 */
export const reusedClassifier = defineCriterion({
  type: 'simkd',
  options,
  taps: ({ student, teacher }) => ({ student: [student], teacher: [teacher] }),
  create: (checked) => {
    const { student: studentLayer, teacher: teacherLayer, reduction } = checked;
    const layers = { student: [studentLayer], teacher: [teacherLayer] };
    const parts = new TrainedParts<ClassifierProjector>('simkd', function* (context) {
      yield projectorOf(checked, context);
    });
    const compute = (ctx: LossContext): Scalar => {
      const [[teacher, student] = []] = pairsOf(layers, ctx);
      return reusedClassifierLoss(teacher as Tensor, student as Tensor, {
        project: (x) => parts.at(0).apply(x, { training: true }),
        reduction,
        weights: sampleWeights(ctx.batch.weights),
      });
    };
    const reused: ReusedClassifier = { studentLayer, teacherLayer, projector: () => parts.at(0) };
    return Object.assign(withExtras(checked, compute, { parts, coupled: true }), { [REUSED]: reused });
  },
});
