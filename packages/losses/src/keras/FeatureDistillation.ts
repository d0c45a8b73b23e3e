import { type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { type Criterion, featureAdapters, parseOptions } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { cosineHiddenLoss } from '../cosineHidden.js';
import { overPairs } from '../featureCriterion.js';
import { hintLoss } from '../hint.js';
import { logitsMseLoss } from '../logitsMse.js';
import { sampleWeights } from '../sampleWeights.js';
import { DistillationLoss } from './DistillationLoss.js';

/** Keras's order: what is true first. The teacher's is a constant. */
export type FeatureLoss = (
  teacher: Tensor,
  student: Tensor,
  options: { weights?: Tensor | undefined },
) => Scalar;

const NAMED = {
  meanSquaredError: hintLoss as FeatureLoss,
  cosineSimilarity: cosineHiddenLoss as FeatureLoss,
};

const schema = z
  .strictObject({
    loss: z._default(
      z.union(
        [
          z.enum(['meanSquaredError', 'cosineSimilarity']),
          z.custom<FeatureLoss>((value) => typeof value === 'function'),
        ],
        { error: 'meanSquaredError, cosineSimilarity, or a function (teacher, student) => Scalar' },
      ),
      'meanSquaredError',
    ),
    teacherLayerName: z.optional(z.string()),
    studentLayerName: z.optional(z.string()),
  })
  .check(
    z.refine(({ teacherLayerName, studentLayerName }) => !teacherLayerName === !studentLayerName, {
      error: '`teacherLayerName` and `studentLayerName` together, or neither for the final outputs',
    }),
  );

export type FeatureDistillationOptions = z.input<typeof schema>;

/**
 * Keras's `FeatureDistillation`: a loss between a layer of each model, or between their final outputs.
 *
 * One forward pass a side. Where the shapes differ a learned adapter stands between (Keras has none, and
 * compares final outputs without a word if only the student's layer is named).
 *
 * @throws DistillError if only one layer is named; in `prepareCompression` if a layer is unknown.
 *
 * @example
 * new FeatureDistillation({ teacherLayerName: 'conv4', studentLayerName: 'conv2' });
 *
 * @see https://keras.io/api/models/distillation
 */
export class FeatureDistillation extends DistillationLoss {
  constructor(options: FeatureDistillationOptions = {}) {
    const { loss, teacherLayerName, studentLayerName } = parseOptions(schema, options, 'FeatureDistillation');
    const compare = typeof loss === 'function' ? loss : NAMED[loss];
    super(
      'FeatureDistillation',
      teacherLayerName === undefined || studentLayerName === undefined
        ? betweenOutputs(loss === 'meanSquaredError' ? logitsMseLoss : compare)
        : betweenLayers(compare, studentLayerName, teacherLayerName),
    );
  }
}

function betweenOutputs(compare: FeatureLoss): Criterion {
  return {
    type: 'FeatureDistillation',
    requires: { sameOutputShape: true },
    compute: ({ teacherOutputs, studentOutputs, batch: { weights } }) =>
      compare(teacherOutputs.logits, studentOutputs.output, { weights }),
  };
}

function betweenLayers(compare: FeatureLoss, studentLayer: string, teacherLayer: string): Criterion {
  const taps = { student: [studentLayer], teacher: [teacherLayer] };
  const parts = featureAdapters('FeatureDistillation', taps);
  const criterion = overPairs(
    { ...taps, weight: 1 },
    (teacher, student, { batch }) => compare(teacher, student, { weights: sampleWeights(batch.weights) }),
    { parts },
  );
  return Object.assign(criterion, { type: 'FeatureDistillation', taps });
}
