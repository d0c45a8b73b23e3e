import { COMBINATIONS, corePlugins, knobSchema, type StepRunnerName } from '@tfjs-distill/core';
import { criteria } from '@tfjs-distill/losses';
import * as z from 'zod';
import { datasetSpecSchema } from '../../data/datasetSpec.js';
import { mpiDataParallel } from '../../mpi/mpiDataParallel.js';
import { nodePlugins } from '../../plugins/index.js';
import { teacherSpecSchema } from '../../teachers/teacherSpec.js';
import { STUDENT_NAMES } from '../students/index.js';
import { namedParts } from './namedParts.js';
import { userModuleSchema } from './userModule.js';

const STEP_RUNNERS = ['auto', 'eager', 'compiled'] as const satisfies readonly StepRunnerName[];
export const OPTIMIZERS = ['adam', 'sgd', 'momentum', 'rmsprop', 'adagrad', 'adamax'] as const;

const count = z.int().min(1);
const oneOrMany = <T extends z.ZodType>(schema: T) => z.union([schema, z.array(schema).min(1)]);

const criterion = oneOrMany(namedParts(Object.values(criteria), 'a criterion'));
/** A run writes checkpoints by itself: another plugin of that name would be refused in the midst of it. */
const OWN = { checkpoints: 'a run writes checkpoints by itself' };
const pluginDefinitions = [...corePlugins, ...nodePlugins, mpiDataParallel].filter(
  ({ type }) => !(type in OWN),
);
const plugins = z.array(namedParts(pluginDefinitions, 'a plugin', OWN));

const augment = z.strictObject({
  shift: z.number().min(0).optional().describe('Largest shift along each axis, pixels'),
  rotate: z.number().min(0).optional().describe('Largest rotation either way, degrees'),
  scale: z.number().min(0).lt(1).optional().describe('Largest relative change of size'),
});

const learningRate = knobSchema({ above: 0 });
z.globalRegistry.add(learningRate, {
  description: 'A number above 0, or a schedule such as { type: cosine, from: 1e-3, to: 1e-5, warmUp: 0.05 }',
});

const training = {
  epochs: count.describe('Passes over the data'),
  batchSize: count.describe('Samples a step; only whole batches are trained on'),
  optimizer: z.enum(OPTIMIZERS).describe("One of TensorFlow.js's"),
  learningRate,
  augment: augment.describe('A new view of every image in every epoch'),
};

const trainingSchema = z.strictObject({
  epochs: training.epochs.optional().describe('Passes over the data. Default 10, or what the stages say'),
  batchSize: training.batchSize.default(64),
  optimizer: training.optimizer.default('adam'),
  learningRate: z._default(training.learningRate, 1e-3),
  augment: training.augment.optional(),
  stepRunner: z
    .enum(STEP_RUNNERS, { error: 'auto, eager or compiled' })
    .default('auto')
    .describe('compiled: each step one graph of native TensorFlow; auto: where the engine can'),
  stepsPerCall: count
    .default(1)
    .describe('Compiled steps that one call of the engine runs, where nothing looks in between'),
});

const aloneSchema = z.strictObject({
  epochs: training.epochs.optional(),
  batchSize: training.batchSize.optional(),
  optimizer: training.optimizer.optional(),
  learningRate: z.optional(training.learningRate),
  augment: z.union([training.augment, z.literal(false)]).optional(),
});

const stageSchema = z.strictObject({
  epochs: count,
  criterion,
  train: z
    .string()
    .optional()
    .describe("What it trains: all, student, adapters, upTo:LAYER, after:LAYER, or several joined by '+'"),
});

const exit = z.strictObject({
  after: z.string().min(1).describe("Name of the student's layer that the exit reads"),
  head: z.enum(['pool', 'bottleneck', 'attention']).describe('What makes logits of it'),
});

const weight = z.number().gt(0).optional().describe('Among several teachers');
const teacher = z.union([
  z.string().min(1),
  teacherSpecSchema.extend({ weight }),
  z.strictObject({
    store: z.string().min(1).describe('Folder of stored answers, of `distill label`'),
    weight,
  }),
]);

const studentSchema = z.union([
  z.string().min(1),
  z.strictObject({
    path: z.string().min(1).describe('Folder of a saved LayersModel, to go on from its weights'),
  }),
  userModuleSchema,
]);

/** One run: everything in a configuration file. */
export const runSchema = z
  .strictObject({
    $schema: z.string().optional().describe('For editors'),
    name: z.string().min(1).max(100).optional().describe("For people. Default: the file's name"),
    dataset: z
      .union([z.string().min(1), datasetSpecSchema])
      .describe('mnist, fashion-mnist, cifar10, a file, a folder, a module, or { type, … }'),
    labels: count
      .optional()
      .describe('Training samples whose labels the student sees, an equal share of each class. Default: all'),
    validation: count
      .optional()
      .describe('Training samples held out to choose by: early stopping, keep-best. Default: none'),
    teacher: oneOrMany(teacher)
      .optional()
      .describe('A model, a server, { store } of answers, or { model, … }; a list for several'),
    combine: z
      .enum(COMBINATIONS)
      .optional()
      .describe('How several teachers become one. Default probabilities'),
    storeTeacher: z
      .boolean()
      .default(false)
      .describe('Ask the teacher once about every training sample, and keep the answers on disk'),
    student: studentSchema.describe(`${STUDENT_NAMES.join(', ')}; a saved model; a module`),
    exits: z
      .array(exit)
      .min(1)
      .optional()
      .describe(
        'Shallow classifiers attached to the distilled student, for self-distillation and early exit',
      ),
    criterion: criterion.optional().describe('How to distil; a list adds up'),
    stages: z
      .array(stageSchema)
      .min(1)
      .optional()
      .describe('Several trainings in a row, in place of criterion'),
    training: trainingSchema.prefault({}).describe('How the student is trained'),
    alone: z
      .union([z.boolean(), aloneSchema])
      .default(true)
      .describe('Train the same student without teacher too; an object says what differs from training'),
    plugins: plugins
      .default([])
      .describe('Guests of the training loop; paths start from the folder of each training'),
    seeds: z
      .union([count, z.array(z.int().min(0)).min(1)])
      .default(1)
      .describe('How many students of each kind, or their seeds'),
    output: z
      .string()
      .min(1)
      .optional()
      .describe('Folder of the run. Default: runs/NAME in the working folder'),
  })
  .superRefine((config, ctx) => {
    const complain = (path: string[], message: string) => ctx.addIssue({ code: 'custom', path, message });
    if ((config.criterion === undefined) === (config.stages === undefined))
      complain(['criterion'], 'given, or `stages` in its place');
    if (config.stages !== undefined && config.training.epochs !== undefined)
      complain(['training', 'epochs'], 'left out: the stages say how long they last');
    if (config.storeTeacher && config.teacher === undefined)
      complain(['teacher'], 'given, or `storeTeacher` left out');
    if (config.storeTeacher && config.training.augment !== undefined)
      complain(['training', 'augment'], 'left out: stored answers are of the samples as they are');
  });

/** A checked configuration, defaults filled in. */
export type RunConfig = z.infer<typeof runSchema>;
export type TrainingConfig = RunConfig['training'];
export type PartConfig = NonNullable<RunConfig['plugins']>[number];
