import { losses } from '@tensorflow/tfjs-core';
import { defineCriterion, knobSchema } from '@tfjs-distill/core';
import * as z from 'zod/mini';

/** One minus the cosine between both sides' logits. Its schema checks the options that a configuration gives. */
export default defineCriterion({
  type: 'cosine-logits',
  options: z.strictObject({ weight: z._default(knobSchema({ atLeast: 0 }), 1) }),
  create: ({ weight }) => ({
    weight,
    requires: { sameOutputShape: true },
    compute: ({ teacherOutputs, studentOutputs }) =>
      losses.cosineDistance(teacherOutputs.logits, studentOutputs.output, -1),
  }),
});
