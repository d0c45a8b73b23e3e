import { losses, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  type CompressionManager,
  criteriaModule,
  defineCriterion,
  knobSchema,
  prepareCompression,
} from '@tfjs-distill/core';
import { lossesModule } from '@tfjs-distill/losses';
import * as z from 'zod';

/** A criterion of your own, named from JSON beside one of ours. */
export function withCustomCriterion(student: LayersModel, teacher: LayersModel): CompressionManager {
  // Begin-example
  const huberLogits = defineCriterion({
    type: 'huber-logits',
    options: z.strictObject({ weight: z.optional(knobSchema()), delta: z.number().positive().default(1) }),
    create: ({ weight, delta }) => ({
      weight, // a number or a schedule
      requires: { sameOutputShape: true },
      compute: ({ teacherOutputs, studentOutputs }) =>
        losses.huberLoss<Tensor, Scalar>(teacherOutputs.logits, studentOutputs.output, undefined, delta),
    }),
  });

  const manager = prepareCompression(student, {
    teacher,
    criterion: [
      { type: 'kd', temperature: 4 },
      { type: 'huber-logits', delta: 0.5 },
    ],
    modules: [lossesModule, criteriaModule([huberLogits])],
  });
  // End-example
  return manager;
}
