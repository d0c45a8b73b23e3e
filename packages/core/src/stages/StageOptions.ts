import { type Optimizer } from '@tensorflow/tfjs-core';
import * as z from 'zod/mini';
import { type CriterionLike } from '../criterion/resolveCriteria.js';
import { type TrainedSet } from './trainedVariables.js';

/**
 * One stage of a training in several.
 *
 * @example
 * // FitNets: first the hint guides the layers up to it, then the logits are distilled
 * stages: [
 *   { epochs: 3, criterion: hint({ student: 'conv2', teacher: 'conv4', taskWeight: 0 }), train: 'adapters+upTo:conv2' },
 *   { epochs: 10, criterion: knowledgeDistillation() },
 * ]
 */
export interface StageOptions {
  /** Passes over the data, ≥ 1. The last stage goes on for as long as the training does. */
  readonly epochs: number;
  /** As `criterion` of `prepareCompression`. A criterion may be in several stages. */
  readonly criterion: CriterionLike | readonly CriterionLike[];
  /** Default `'all'`. What is not trained keeps its weights; batch statistics of the forward pass are still gathered. */
  readonly train?: TrainedSet;
  /** The stage's own. Default: one like the manager's `optimizer`, with nothing learnt yet. */
  readonly optimizer?: Optimizer;
}

export const optimizerSchema = z.custom<Optimizer>(
  (value) => typeof (value as Optimizer | null)?.applyGradients === 'function',
  { error: 'an optimizer, such as tf.train.adam(1e-3)' },
);

export const criterionSchema = z.custom((value) => value !== undefined && value !== null, {
  error: 'a criterion',
});

export const stagesSchema = z
  .array(
    z.strictObject({
      epochs: z.int().check(z.gte(1)),
      criterion: criterionSchema,
      train: z.optional(z.string()),
      optimizer: z.optional(optimizerSchema),
    }),
    { error: 'a list of stages' },
  )
  .check(z.minLength(1, { error: 'a list of at least one stage' }));
