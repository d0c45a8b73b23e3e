export {
  activationBoundary,
  activationBoundaryLoss,
  type ActivationBoundaryOptions,
} from './activationBoundary.js';
export {
  activationPattern,
  activationPatternLoss,
  type ActivationPatternOptions,
} from './activationPattern.js';
export {
  attentionTransfer,
  attentionTransferLoss,
  type AttentionTransferOptions,
} from './attentionTransfer.js';
export { beYourOwnTeacher, beYourOwnTeacherLoss, type BeYourOwnTeacherOptions } from './beYourOwnTeacher.js';
export { channelWise, channelWiseLoss, type ChannelWiseOptions } from './channelWise.js';
export { assertPositive, assertSameShape } from './checks.js';
export { classwiseSelf, classwiseSelfLoss, type ClasswiseSelfOptions } from './classwiseSelf.js';
export {
  contrastiveRepresentation,
  contrastiveRepresentationLoss,
  type ContrastiveRepresentationOptions,
} from './contrastiveRepresentation.js';
export { ContrastMemory, type ContrastMemoryOptions } from './ContrastMemory.js';
export {
  correlationCongruence,
  correlationCongruenceLoss,
  type CorrelationCongruenceOptions,
} from './correlationCongruence.js';
export { cosineHidden, cosineHiddenLoss, type CosineHiddenOptions } from './cosineHidden.js';
export {
  curriculumTemperature,
  curriculumTemperatureLoss,
  type CurriculumTemperatureOptions,
} from './curriculumTemperature.js';
export { decoupledKd, decoupledKdLoss, type DecoupledKdOptions } from './decoupledKd.js';
export { dist, distLoss, type DistOptions } from './dist.js';
export { factorTransfer, factorTransferLoss, type FactorTransferOptions } from './factorTransfer.js';
export { flowOfSolution, flowOfSolutionLoss, type Stage } from './flowOfSolution.js';
export { generalizedJsd, generalizedJsdLoss, type GeneralizedJsdOptions } from './generalizedJsd.js';
export { gradientMatching, gradientMatchingLoss, type GradientMatchingOptions } from './gradientMatching.js';
export { hint, hintLoss } from './hint.js';
export { DistillationConfig, type DistillationConfigOptions } from './inc/DistillationConfig.js';
export {
  type FeatureProcess,
  IntermediateLayersKnowledgeDistillationLossConfig,
  type IntermediateLayersKnowledgeDistillationLossOptions,
  type LayerMapping,
  type MappedLayer,
} from './inc/IntermediateLayersKnowledgeDistillationLossConfig.js';
export {
  KnowledgeDistillationLossConfig,
  type KnowledgeDistillationLossOptions,
} from './inc/KnowledgeDistillationLossConfig.js';
export type { Compat, LossConfig } from './inc/LossConfig.js';
export {
  SelfKnowledgeDistillationLossConfig,
  type SelfKnowledgeDistillationLossOptions,
} from './inc/SelfKnowledgeDistillationLossConfig.js';
export { squaredError } from './inc/squaredError.js';
export { inputGradient, type SampleFunction, throughInputGradient } from './inputGradient.js';
export { interChannelCorrelation, interChannelCorrelationLoss } from './interChannelCorrelation.js';
export type { CompileOptions } from './keras/compiledParts.js';
export { DistillationLoss } from './keras/DistillationLoss.js';
export { Distiller, type DistillerFitOptions, type DistillerOptions } from './keras/Distiller.js';
export {
  FeatureDistillation,
  type FeatureDistillationOptions,
  type FeatureLoss,
} from './keras/FeatureDistillation.js';
export type { KerasHistory } from './keras/kerasHistory.js';
export {
  LogitsDistillation,
  type LogitsDistillationOptions,
  type SoftenedLoss,
} from './keras/LogitsDistillation.js';
export { intermediateLayers } from './intermediateLayers.js';
export type { FeatureLossFunction, IntermediateMapping, MappingLoss } from './layerMapping.js';
export { kdLoss, type KdLossOptions, knowledgeDistillation } from './knowledgeDistillation.js';
export { logitsMse, logitsMseLoss, type LogitsMseOptions } from './logitsMse.js';
export { criteria, lossesModule } from './lossesModule.js';
export {
  maskedGeneration,
  maskedGenerationLoss,
  type MaskedGenerationOptions,
  randomMask,
} from './maskedGeneration.js';
export { multiLevelKd, multiLevelKdLoss, type MultiLevelKdOptions } from './multiLevelKd.js';
export { mutualLearning, mutualLearningLoss, type MutualLearningOptions } from './mutualLearning.js';
export { neuronSelectivity, neuronSelectivityLoss } from './neuronSelectivity.js';
export { noiseContrastiveLoss, type NoiseContrastiveOptions } from './noiseContrastiveLoss.js';
export { marginsFromBatchNorm, overhaul, overhaulLoss, type OverhaulOptions } from './overhaul.js';
export { pearsonFeature, pearsonFeatureLoss, type PearsonFeatureOptions } from './pearsonFeature.js';
export { peerTeachers } from './peerTeachers.js';
export { probabilisticTransfer, probabilisticTransferLoss } from './probabilisticTransfer.js';
export { probabilityShift } from './probabilityShift.js';
export { bornAgain, type BornAgain, type BornAgainOptions } from './recipes/bornAgain.js';
export {
  distillationChain,
  type DistillationChainOptions,
  type LinkOptions,
} from './recipes/distillationChain.js';
export { fitTogether, type FitTogetherOptions } from './recipes/fitTogether.js';
export { learnTogether, type LearnTogetherOptions } from './recipes/learnTogether.js';
export { meanTeacher, type MeanTeacher, type MeanTeacherOptions } from './recipes/meanTeacher.js';
export { studentAsTeacher } from './recipes/studentAsTeacher.js';
export { reduce, type ReduceOptions, type Reduction, type ScalarReduction } from './reduction.js';
export { relational, relationalLoss, type RelationalOptions } from './relational.js';
export type { RelationOptions } from './relationLoss.js';
export { reusedClassifier, reusedClassifierLoss, type ReusedClassifierOptions } from './reusedClassifier.js';
export { reusedClassifierModel } from './reusedClassifierModel.js';
export { reweighted } from './reweighted.js';
export { reverseKl, reverseKlLoss, type ReverseKlOptions } from './reverseKl.js';
export { reviewFusion, type ReviewFusionOptions, type Reviewed } from './reviewFusion.js';
export { reviewKd, reviewKdLoss } from './reviewKd.js';
export { selfDistillation } from './selfDistillation.js';
export { similarityPreserving, similarityPreservingLoss } from './similarityPreserving.js';
export { simpleRecipe, simpleRecipeLoss, type SimpleRecipeOptions } from './simpleRecipe.js';
export { standardizedKd, standardizedKdLoss, type StandardizedKdOptions } from './standardizedKd.js';
export { type TopKKlOptions, topKKl, topKKlLoss, type TopLogProbs } from './topKKl.js';
export { totalVariation, totalVariationLoss, type TotalVariationOptions } from './totalVariation.js';
export { variationalInformation, variationalInformationLoss } from './variationalInformation.js';
export { virtualTeacher, virtualTeacherLoss, type VirtualTeacherOptions } from './virtualTeacher.js';
export {
  weightedSoftLabels,
  weightedSoftLabelsLoss,
  type WeightedSoftLabelsOptions,
} from './weightedSoftLabels.js';
