import { losses, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { defineCriterion, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod';

/**
 * A criterion of one's own: the Huber loss between both sides' logits. Its type names it in configurations, its
 * schema checks them.
 */
export const huberLogits = defineCriterion({
  type: 'huber-logits',
  options: z.strictObject({
    weight: z.optional(knobSchema({ atLeast: 0 })),
    delta: z.number().positive().default(1),
  }),
  create: ({ weight, delta }) => ({
    weight, // a number or a schedule
    requires: { sameOutputShape: true },
    compute: ({ teacherOutputs, studentOutputs }) =>
      losses.huberLoss<Tensor, Scalar>(teacherOutputs.logits, studentOutputs.output, undefined, delta),
  }),
});
