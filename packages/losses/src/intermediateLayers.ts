import { mul, type Scalar } from '@tensorflow/tfjs-core';
import { type Criterion, defineCriterion, type LossContext } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { sumOf } from './featureCriterion.js';
import { mappingSchema } from './layerMapping.js';
import { mappingCriterion } from './mappingCriterion.js';
import { weighting, weightOptions } from './weighting.js';

const TYPE = 'intermediate-layers';

/**
 * Intermediate-layer distillation, `type: 'intermediate-layers'`: `Σ_i weight_i · D_i(f_t, r_i(f_s))`
 * over pairs of layers, each with its own loss, weight and adapter.
 *
 * A mapping is `{ student, teacher, loss, weight, adapter, seed }` or just `[student, teacher]`:
 *
 * - `student`, `teacher`: a layer's name, or two lists of as many names, which one loss gets together.
 *   Names as for taps: `conv2`, `shared#2`, `block/conv`; nodes of a GraphModel.
 * - `loss`: any criterion on features by its type, `'at'` or `{ type: 'at', variant: 'paper' }`, or
 *   `(teacher, student, ctx) => Scalar`. Default `'fitnet'`.
 * - `weight`: default the loss's usual one, for a function 1.
 * - `adapter`: brings the student's feature to the teacher's shape. Default: the loss's own; for a function `'auto'`.
 *
 * Adapters are built with the manager, trained from the first step and never exported. Each pair's
 * unweighted term is recorded as `<student>-<teacher>`.
 *
 * @throws DistillError when it is made, for an unknown loss or lists of different lengths; when the manager is made,
 *   for an unknown layer (nearest name offered) or shapes that cannot be matched.
 *
 * @example
 * intermediateLayers({
 *   mappings: [
 *     ['conv1', 'block1'],
 *     { student: 'conv2', teacher: 'block3', loss: 'at', weight: 500 },
 *     { student: 'hidden', teacher: 'embedding', loss: (t, s) => losses.meanSquaredError(t, s) },
 *   ],
 *   taskWeight: 1,
 * });
 *
 * @see Sun et al., "Patient Knowledge Distillation for BERT Model Compression", https://arxiv.org/abs/1908.09355 (2019)
 */
export const intermediateLayers = defineCriterion({
  type: TYPE,
  options: z.strictObject({
    mappings: z.array(mappingSchema).check(z.minLength(1)),
    ...weightOptions(1),
  }),
  taps: ({ mappings }) => ({
    student: mappings.flatMap(({ student }) => student),
    teacher: mappings.flatMap(({ teacher }) => teacher),
  }),
  create: ({ mappings, ...weights }) => {
    const pairs = mappings.map((mapping, i) => ({
      name: mapping.student.map((layer, j) => `${layer}-${mapping.teacher[j]}`).join('+'),
      criterion: mappingCriterion(TYPE, mapping, i),
    }));
    const criteria = pairs.map(({ criterion }) => criterion);
    return {
      ...weighting(weights),
      coupled: criteria.some(({ coupled }) => coupled),
      requires: {
        labels: criteria.some(({ requires }) => requires?.labels),
        ids: criteria.some(({ requires }) => requires?.ids),
      },
      get variables() {
        return criteria.flatMap(({ variables = [] }) => variables);
      },
      get state() {
        return criteria.flatMap(({ state = [] }) => state);
      },
      prepare: (context) => {
        for (const criterion of criteria) criterion.prepare?.(context);
      },
      compute: (ctx) => sumOf(pairs.map(({ name, criterion }) => termOf(name, criterion, ctx))),
      dispose: () => {
        for (const criterion of criteria) criterion.dispose?.();
      },
    };
  },
});

function termOf(name: string, criterion: Criterion, ctx: LossContext): Scalar {
  const term = criterion.compute(ctx);
  ctx.record(name, term);
  return mul(term, ctx.knob(criterion.weight ?? 1, `${name}.weight`));
}
