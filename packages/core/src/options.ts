import { type Optimizer } from '@tensorflow/tfjs-core';
import * as z from 'zod/mini';
import { parseOptions } from './config/parseOptions.js';
import { type CriterionLike } from './criterion/resolveCriteria.js';
import { isModule, type Module } from './di/Module.js';
import { expected } from './errors.js';
import { type PluginLike } from './hooks/resolvePlugins.js';
import { type FiniteGuardOptions } from './plugins/finiteGuard.js';
import { criterionSchema, optimizerSchema, type StageOptions, stagesSchema } from './stages/StageOptions.js';
import { STEP_RUNNERS, type StepRunnerName } from './step/chooseStepRunner.js';
import { type TaskLoss } from './taskLoss.js';
import { type TeacherLike } from './teacher/asTeacherSource.js';
import { type Combination, COMBINATIONS, type WeightedTeacher } from './teacher/ensemble.js';

/** What `prepareCompression` takes. */
export interface CompressionOptions {
  /**
   * LayersModel, GraphModel, `(x) => logits` or a TeacherSource; as `{ source, preprocess, classes, … }` with what has
   * to be converted. Runs in inference mode and stays as it is.
   */
  readonly teacher?: TeacherLike;
  /** Several teachers, each as `teacher` or with a `weight`: see `ensemble`. Instead of `teacher`. */
  readonly teachers?: readonly (TeacherLike | WeightedTeacher)[];
  /** How several teachers become one. Default `'probabilities'`: the mean of their distributions. */
  readonly combine?: Combination;
  /** How to distil: a criterion, `(teacher, student) => Scalar`, a class, `{ type, … }`, or a list of those. */
  readonly criterion?: CriterionLike | readonly CriterionLike[];
  /** A training in several stages, one after the other. Instead of `criterion`. */
  readonly stages?: readonly StageOptions[];
  /** Loss of the task, from labels and logits. Default: cross-entropy from logits. */
  readonly taskLoss?: TaskLoss;
  /** Used by `fit` and `trainStep`; the manager takes it over. Default Adam at 1e-3. */
  readonly optimizer?: Optimizer;
  /** Guests of the loop: plugins, or as JSON `{ type: 'early-stopping', patience: 3 }`. */
  readonly plugins?: readonly PluginLike[];
  /** Stop at a NaN or infinite loss and put the last good weights back. Default true. */
  readonly finiteLoss?: boolean | FiniteGuardOptions;
  /**
   * How steps run: `'compiled'` as one graph of native TensorFlow, `'eager'` kernel by kernel, `'auto'` (default)
   * compiled where the engine can; `manager.stepReport` tells.
   */
  readonly stepRunner?: StepRunnerName;
  /**
   * How many compiled steps one call of the engine runs, as Keras's `steps_per_execution`. Hooks are called after each
   * step; one that reads a loss or a weight makes the engine catch up. Also how often `finiteLoss` looks. Default 1.
   */
  readonly stepsPerCall?: number;
  /** Container modules: own criteria by name, own parts. They override the defaults. */
  readonly modules?: readonly Module[];
  /** Never generate code from strings. Default: found out. */
  readonly jitless?: boolean;
}

/** A configuration in another system's words that can say itself in ours. */
export interface CompressionConfig {
  toOptions(): CompressionOptions;
}

/** Any configuration as our options. */
export function optionsOf(config: CompressionOptions | CompressionConfig): CompressionOptions {
  return 'toOptions' in Object(config)
    ? (config as CompressionConfig).toOptions()
    : (config as CompressionOptions);
}

const list = z.array(
  z.custom<object>((value) => typeof value === 'object' && value !== null),
  { error: 'a list' },
);

const modules = z.array(z.custom<Module>(isModule, { error: 'a module, as criteriaModule makes one' }), {
  error: 'a list',
});

const schema = z.strictObject({
  teacher: z.optional(z.any()),
  teachers: z.optional(z.array(z.any(), { error: 'a list of teachers' })),
  combine: z.optional(z.enum(COMBINATIONS, { error: `one of ${COMBINATIONS.join(', ')}` })),
  criterion: z.optional(criterionSchema),
  stages: z.optional(stagesSchema),
  taskLoss: z.optional(
    z.custom((value) => typeof value === 'function', { error: 'a function (labels, logits) => Scalar' }),
  ),
  optimizer: z.optional(optimizerSchema),
  plugins: z.optional(list),
  finiteLoss: z.optional(
    z.union([z.boolean(), z.strictObject({ every: z.optional(z.int().check(z.gte(1))) })]),
  ),
  stepRunner: z.optional(z.enum(STEP_RUNNERS, { error: `one of ${STEP_RUNNERS.join(', ')}` })),
  stepsPerCall: z.optional(z.int({ error: 'a whole number above 0' }).check(z.gte(1))),
  modules: z.optional(modules),
  jitless: z.optional(z.boolean()),
});

/** Refuses options that are misspelt or of the wrong kind, before anything is built of them. */
export function checkOptions(options: CompressionOptions): void {
  parseOptions(schema, options, 'prepareCompression');
  const { criterion, stages } = options;
  if ((criterion === undefined) !== (stages === undefined)) return;
  const got = stages === undefined ? criterion : 'both';
  const rule = 'a criterion, or `stages` in its place';
  throw expected('criterion', rule, got, { where: 'prepareCompression' });
}
