import { type Optimizer, type Tensor, train } from '@tensorflow/tfjs-core';
import { crossEntropy, parseOptions, type TaskLoss } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { squaredError } from '../inc/squaredError.js';
import { LogitsDistillation, type LogitsDistillationOptions } from './LogitsDistillation.js';

const OPTIMIZERS = {
  adam: () => train.adam(1e-3),
  sgd: () => train.sgd(1e-2),
  rmsprop: () => train.rmsprop(1e-3),
  adagrad: () => train.adagrad(1e-3),
  adamax: () => train.adamax(1e-3),
} as const;

const LOSSES = {
  sparseCategoricalCrossentropy: crossEntropy,
  categoricalCrossentropy: crossEntropy,
  meanSquaredError: squaredError,
} as const satisfies Record<string, TaskLoss>;

const ACCURACIES = ['accuracy', 'acc', 'sparseCategoricalAccuracy', 'categoricalAccuracy'] as const;

const taskLoss = z.union(
  [
    z.enum(Object.keys(LOSSES) as (keyof typeof LOSSES)[]),
    z.custom<TaskLoss>((value) => typeof value === 'function'),
  ],
  { error: `one of ${Object.keys(LOSSES).join(', ')}, or a function (labels, logits) => Scalar` },
);

const schema = z
  .strictObject({
    optimizer: z._default(
      z.union(
        [
          z.enum(Object.keys(OPTIMIZERS) as (keyof typeof OPTIMIZERS)[]),
          z.custom<Optimizer>((value) => typeof (value as Optimizer | null)?.applyGradients === 'function'),
        ],
        {
          error: `one of ${Object.keys(OPTIMIZERS).join(', ')}, or an optimizer such as tf.train.adam(1e-3)`,
        },
      ),
      'adam',
    ),
    loss: z.optional(taskLoss),
    metrics: z._default(z.array(z.enum(ACCURACIES)).check(z.maxLength(1)), ['accuracy']),
    studentLossFn: z.optional(taskLoss),
    distillationLossFn: z.optional(z.custom<NonNullable<LogitsDistillationOptions>['loss']>(() => true)),
    alpha: z.optional(z.number().check(z.gte(0), z.lte(1))),
    temperature: z.optional(z.number().check(z.gt(0))),
  })
  .check(
    z.refine(({ loss, studentLossFn }) => loss === undefined || studentLossFn === undefined, {
      error: '`loss` or `studentLossFn`, which are the same',
    }),
  );

/** Arguments of `compile`: today's Keras's, or those of its first example. */
export type CompileOptions = z.input<typeof schema>;

/** What `compile` decides. */
export interface CompiledParts {
  readonly optimizer: Optimizer;
  readonly taskLoss: (labels: Tensor, logits: Tensor, weights?: Tensor) => ReturnType<TaskLoss>;
  /** Name that accuracy goes by. */
  readonly accuracyName: string;
  /** In place of the constructor's losses. */
  readonly softLoss: LogitsDistillation | undefined;
  /** In place of the constructor's weight. */
  readonly alpha: number | undefined;
}

/** Reads the arguments of `compile`. @throws DistillError for an unknown name or a value out of range. */
export function compiledParts(options: CompileOptions): CompiledParts {
  const checked = parseOptions(schema, options, 'compile');
  const { optimizer, loss, studentLossFn, distillationLossFn, temperature, alpha, metrics } = checked;
  const task = loss ?? studentLossFn ?? 'sparseCategoricalCrossentropy';
  const soft = distillationLossFn !== undefined || temperature !== undefined;
  return {
    optimizer: typeof optimizer === 'string' ? OPTIMIZERS[optimizer]() : optimizer,
    taskLoss: typeof task === 'string' ? LOSSES[task] : task,
    accuracyName: metrics[0] ?? 'accuracy',
    softLoss: soft
      ? new LogitsDistillation({
          ...(temperature !== undefined && { temperature }),
          ...(distillationLossFn !== undefined && { loss: distillationLossFn }),
        })
      : undefined,
    // the example's compile has a default of its own
    alpha: alpha ?? (soft ? 0.1 : undefined),
  };
}
