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
export { type Batch, type Inputs, inputTensors, isTensor, teacherInput } from './Batch.js';
export { type KnobBounds, type KnobInput, knobSchema, scheduleSchema } from './config/knobSchema.js';
export { parseOptions, type Schema } from './config/parseOptions.js';
export {
  BEST,
  checkpointName,
  checkpointNames,
  type LoadedCheckpoint,
  newestCheckpoint,
} from './checkpoint/checkpointFiles.js';
export {
  checkpointStore,
  type CheckpointStore,
  memoryCheckpoints,
  registerCheckpointRouter,
} from './checkpoint/CheckpointStore.js';
export { decodeCheckpoint, encodeCheckpoint } from './checkpoint/encodeCheckpoint.js';
export { disposeState, mapState, shareState } from './checkpoint/mapState.js';
export { optimizerState, restoreOptimizer } from './checkpoint/optimizerState.js';
export type { State, StateValue } from './checkpoint/State.js';
export type { Position } from './checkpoint/trainingState.js';
export { CompressionManager, type ManagerParts } from './CompressionManager.js';
export type {
  EpochContext,
  EpochEndContext,
  EvalContext,
  GradientContext,
  Logs,
  LossContext,
  LossTerm,
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
export { labelsOnly } from './criterion/labelsOnly.js';
export type { CriterionConfig, CriterionLike } from './criterion/resolveCriteria.js';
export {
  type ContainerModuleLike,
  criteriaModule,
  type Module,
  type PartsModule,
  pluginsModule,
} from './di/Module.js';
export * from './errors.js';
export { createHooks, type Hooks } from './hooks/createHooks.js';
export { definePlugin, type PluginDefinition, type PluginFactory } from './hooks/definePlugin.js';
export type { TraceEvent } from './hooks/guardTap.js';
export {
  HOOK_KINDS,
  HOOK_NAMES,
  type HookKind,
  type HookName,
  type HookSignatures,
} from './hooks/HookSignatures.js';
export type { HookOrder, OrderedHook, Plugin } from './hooks/Plugin.js';
export type { PluginConfig, PluginLike } from './hooks/resolvePlugins.js';
export { LazyScalar } from './LazyScalar.js';
export { batchSource, type BatchOptions, type BatchSource, shuffledIndices } from './loop/batches.js';
export type { BatchDataset, BatchStream, Data, EpochBatches, TensorData } from './loop/Data.js';
export { evaluate, type EvaluateOptions } from './loop/evaluate.js';
export type { FitOptions, History } from './loop/fit.js';
export { idsByName } from './loop/idsByName.js';
export { takeSamples } from './loop/takeSamples.js';
export { type CalibrationBin, calibrationBins, expectedCalibrationError } from './metrics/calibration.js';
export { type ClassScores, classScores, confusionMatrix } from './metrics/confusionMatrix.js';
export { countFlops, type LayerFlops, totalFlops } from './metrics/countFlops.js';
export { type Latency, type LatencyOptions, measureLatency } from './metrics/measureLatency.js';
export { type Fact, FACTS, sampleFacts } from './metrics/sampleFacts.js';
export { quantile, type Summary, summarize } from './metrics/summarize.js';
export { isLayersModel, probabilityLayer } from './models/layersModel.js';
export { attachExits, type AttachOptions, type ExitSpec } from './exits/attachExits.js';
export {
  type CalibrateOptions,
  calibrateExits,
  type ExitCalibration,
  type ExitPoint,
  exitPoint,
} from './exits/calibrateExits.js';
export {
  earlyExit,
  type EarlyExit,
  type EarlyExitOptions,
  type EarlyPrediction,
  type EarlyPredictOptions,
} from './exits/earlyExit.js';
export { evaluateExits, type ExitRow, exitRows } from './exits/evaluateExits.js';
export { type Exit, exitsOf } from './exits/Exit.js';
export { exitCosts } from './exits/exitCosts.js';
export { type Answers, type ExitFacts, exitFacts, type ExitFactsOptions } from './exits/exitFacts.js';
export { deepestFeature, exitName, type NamedExit, namedExits } from './exits/exitNames.js';
export { exportExits, type ExportExitsOptions } from './exits/exportExits.js';
export type { HeadName } from './exits/heads.js';
export type { ModelSignature, Shape } from './models/ModelSignature.js';
export { type ProposedMapping, proposeMappings, type TappableLayer } from './models/proposeMappings.js';
export { type ModelLayer, tappableFeatures, tappableLayers } from './models/tappableLayers.js';
export type { CompressionConfig, CompressionOptions } from './options.js';
export { checkpoints } from './plugins/checkpoints.js';
export { corePlugins } from './plugins/corePlugins.js';
export { earlyStopping } from './plugins/earlyStopping.js';
export { averageStep, decayAt } from './plugins/averageStep.js';
export { ema } from './plugins/ema.js';
export { addWeighted, gradientAccumulation } from './plugins/gradientAccumulation.js';
export {
  clipGlobalNorm,
  clipGradientNorms,
  clipGradientValues,
  globalNorm,
  gradientClipping,
} from './plugins/gradientClipping.js';
export { keepBest } from './plugins/keepBest.js';
export { learningRate, learningRateOf, setLearningRate } from './plugins/learningRate.js';
export {
  progress,
  type ProgressListener,
  progressOf,
  type ProgressOptions,
  type TrainingProgress,
} from './plugins/progress.js';
export { reduceOnPlateau } from './plugins/reduceOnPlateau.js';
export { Snapshot } from './plugins/Snapshot.js';
export { WeightAverage, type WeightAverageOptions } from './plugins/WeightAverage.js';
export { stepHistory, type StepHistoryOptions, stepRow, type StepRow } from './plugins/stepHistory.js';
export { termDiagnostics, termGradientNorm } from './plugins/termDiagnostics.js';
export { finiteGuard, type FiniteGuardOptions } from './plugins/finiteGuard.js';
export { type ImprovementOptions, isBetter, type MetricMode } from './plugins/Improvement.js';
export { prepareCompression } from './prepareCompression.js';
export { initializeWeights } from './random/initializeWeights.js';
export { seededStudent } from './random/seededStudent.js';
export { withSeed } from './random/withSeed.js';
export type { TrainPlan } from './Run.js';
export { type Knob, mapKnob, type Progress, type Schedule, valueOf } from './Schedule.js';
export * from './schedules.js';
export { stageAt } from './stages/stageAt.js';
export type { StageOptions } from './stages/StageOptions.js';
export type { TrainedSet } from './stages/trainedVariables.js';
export {
  type CompiledStepOptions,
  registerStepCompiler,
  type StepCompiler,
  type StepRunnerName,
} from './step/chooseStepRunner.js';
export { shareTensor } from './shareTensor.js';
export { applyGradients, eagerStepRunner } from './step/eagerStepRunner.js';
export type { StepHooks, StepReport, StepRunner, StepWork } from './step/StepRunner.js';
export type { ContextObserver, InnerCall, InnerHook, StepListener, StepScope } from './step/StepScope.js';
export { asStudent, type FunctionStudent, type StudentLike } from './student/asStudent.js';
export { type ForwardOptions, type Student, type StudentOutputs, weightsOf } from './student/Student.js';
export { crossEntropy, type TaskLoss } from './taskLoss.js';
export * from './teacher/store/index.js';
export { adaptTeacher } from './teacher/adaptTeacher.js';
export { asTeacherSource, type TeacherLike } from './teacher/asTeacherSource.js';
export { checkTeacher, type CheckOptions, type TeacherCheck } from './teacher/checkTeacher.js';
export { classColumns, type ClassOrder } from './teacher/classOrder.js';
export {
  averageLogits,
  averageProbabilities,
  mostConfident,
  type WeightedLogits,
} from './teacher/combineTeachers.js';
export {
  type Combination,
  COMBINATIONS,
  ensemble,
  type EnsembleOptions,
  type WeightedTeacher,
} from './teacher/ensemble.js';
export {
  type GraphModelLike,
  liveTeacher,
  type LiveTeacherOptions,
  type TeacherFunction,
} from './teacher/liveTeacher.js';
export { preprocess, type Preprocess } from './teacher/preprocess.js';
export type { TeacherAdaptation, TeacherEntry, TeacherOutputKind } from './teacher/TeacherEntry.js';
export {
  outputTensors,
  type TeacherMember,
  type TeacherOutputs,
  type TeacherSource,
  type TopOutputs,
} from './teacher/TeacherSource.js';
