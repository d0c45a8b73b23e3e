import { type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import {
  ADAPTER_KINDS,
  type CriterionFactory,
  type Knob,
  knobSchema,
  type LossContext,
  type Schema,
} from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { type featureCriteria } from './featureCriteria.js';
import { layerNames } from './featureCriterion.js';

/** A loss of one pair of features of one shape; the teacher's is a constant. */
export type FeatureLossFunction = (teacher: Tensor, student: Tensor, ctx: LossContext) => Scalar;

/**
 * How a pair of layers is compared: a criterion on features by its type, with options too, or as its
 * function; or a plain function `(teacher, student) => Scalar`.
 */
export type MappingLoss =
  | keyof typeof featureCriteria
  | { readonly type: keyof typeof featureCriteria; readonly [option: string]: unknown }
  | CriterionFactory
  | FeatureLossFunction;

const lossSchema: Schema<MappingLoss, MappingLoss> = z.custom<MappingLoss>(
  (value) =>
    typeof value === 'string' ||
    typeof value === 'function' ||
    typeof (value as { type?: unknown } | null)?.type === 'string',
  { error: "a type such as 'at', { type: 'at', … }, or (teacher, student) => Scalar" },
);

const mapping = z
  .strictObject({
    student: layerNames,
    teacher: layerNames,
    loss: z._default(lossSchema, 'fitnet'),
    weight: z.optional(knobSchema({ atLeast: 0 })) satisfies Schema<Knob | undefined>,
    adapter: z.optional(z.enum(ADAPTER_KINDS)),
    seed: z.optional(z.int()),
  })
  .check(
    z.refine(({ student, teacher }) => student.length === teacher.length, {
      error: ({ input }) => {
        const { student, teacher } = input as { student: readonly string[]; teacher: readonly string[] };
        return `a mapping of as many student layers as teacher layers (${student.length} and ${teacher.length})`;
      },
    }),
  );

const pair = z.pipe(
  z.tuple([z.string(), z.string()]),
  z.transform(([student, teacher]): z.output<typeof mapping> => {
    return { student: [student], teacher: [teacher], loss: 'fitnet' };
  }),
);

/** Schema of one mapping: `{ student, teacher, loss, weight, adapter, seed }`, or `[student, teacher]`. */
export const mappingSchema = z.union([mapping, pair]);

export type IntermediateMapping = z.input<typeof mappingSchema>;
export type CheckedMapping = z.output<typeof mapping>;
