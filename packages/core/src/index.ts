export { adaptiveAveragePool, averageAxis } from './adapters/adaptiveAveragePool.js';
export { type Adapter, ADAPTER_KINDS, type AdapterKind } from './adapters/Adapter.js';
export { batchNormalize } from './adapters/batchNormalize.js';
export { type AdapterStep, chooseAdapter } from './adapters/chooseAdapter.js';
export { type AdapterOptions, createAdapter } from './adapters/createAdapter.js';
export { describePlan } from './adapters/describePlan.js';
export { type FeatureAdapterOptions, featureAdapters } from './adapters/featureAdapters.js';
export { featureShape } from './adapters/featureShape.js';
export { linearResize } from './adapters/linearResize.js';
export { mapAxis } from './adapters/mapAxis.js';
export { Parameters } from './adapters/Parameters.js';
export { projection, type ProjectionOptions, type ProjectionType } from './adapters/projection.js';
export { type TrainedPart, TrainedParts } from './adapters/TrainedParts.js';
export { type Batch, type Inputs } from './Batch.js';
export { type KnobBounds, type KnobInput, knobSchema, scheduleSchema } from './config/knobSchema.js';
export { parseOptions, type Schema } from './config/parseOptions.js';
export { CompressionManager, type ManagerParts } from './CompressionManager.js';
export type {
  EpochContext,
  EpochEndContext,
  EvalContext,
  GradientContext,
  Logs,
  LossContext,
  StepContext,
  StepEndContext,
  TrainContext,
  TrainEndContext,
} from './context.js';
export { combineLosses } from './criterion/combineLosses.js';
export type {
  Criterion,
  CriterionClass,
  CriterionFunction,
  PrepareContext,
  Requirements,
  Taps,
} from './criterion/Criterion.js';
export {
  type CriterionDefinition,
  type CriterionFactory,
  defineCriterion,
} from './criterion/defineCriterion.js';
export type { CriterionConfig, CriterionLike } from './criterion/resolveCriteria.js';
export { criteriaModule } from './di/composeManager.js';
export type { Module } from './di/Module.js';
export * from './errors.js';
export { createHooks, type Hooks } from './hooks/createHooks.js';
export type { TraceEvent } from './hooks/guardTap.js';
export {
  HOOK_KINDS,
  HOOK_NAMES,
  type HookKind,
  type HookName,
  type HookSignatures,
} from './hooks/HookSignatures.js';
export type { HookOrder, OrderedHook, Plugin } from './hooks/Plugin.js';
export { LazyScalar } from './LazyScalar.js';
export { batchSource, type BatchOptions, type BatchSource, shuffledIndices } from './loop/batches.js';
export type { BatchDataset, BatchStream, Data, TensorData } from './loop/Data.js';
export { evaluate, type EvaluateOptions } from './loop/evaluate.js';
export type { FitOptions, History } from './loop/fit.js';
export type { ModelSignature, Shape } from './models/ModelSignature.js';
export type { CompressionConfig, CompressionOptions } from './options.js';
export { finiteGuard, type FiniteGuardOptions } from './plugins/finiteGuard.js';
export { prepareCompression } from './prepareCompression.js';
export type { TrainPlan } from './Run.js';
export { type Knob, mapKnob, type Progress, type Schedule, valueOf } from './Schedule.js';
export * from './schedules.js';
export { eagerStepRunner } from './step/eagerStepRunner.js';
export type { StepHooks, StepRunner, StepWork } from './step/StepRunner.js';
export { asStudent, type FunctionStudent, type StudentLike } from './student/asStudent.js';
export type { ForwardOptions, Student, StudentOutputs } from './student/Student.js';
export { crossEntropy, type TaskLoss } from './taskLoss.js';
export * from './teacher/store/index.js';
export { asTeacherSource, type TeacherLike } from './teacher/asTeacherSource.js';
export {
  type GraphModelLike,
  liveTeacher,
  type LiveTeacherOptions,
  type TeacherFunction,
} from './teacher/liveTeacher.js';
export type { TeacherOutputs, TeacherSource } from './teacher/TeacherSource.js';
