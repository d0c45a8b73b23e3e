export { assertPositive, assertSameShape } from './checks.js';
export {
  curriculumTemperature,
  curriculumTemperatureLoss,
  type CurriculumTemperatureOptions,
} from './curriculumTemperature.js';
export { decoupledKd, decoupledKdLoss, type DecoupledKdOptions } from './decoupledKd.js';
export { dist, distLoss, type DistOptions } from './dist.js';
export { generalizedJsd, generalizedJsdLoss, type GeneralizedJsdOptions } from './generalizedJsd.js';
export { kdLoss, type KdLossOptions, knowledgeDistillation } from './knowledgeDistillation.js';
export { logitsMse, logitsMseLoss, type LogitsMseOptions } from './logitsMse.js';
export { criteria, lossesModule } from './lossesModule.js';
export { multiLevelKd, multiLevelKdLoss, type MultiLevelKdOptions } from './multiLevelKd.js';
export { probabilityShift } from './probabilityShift.js';
export { reduce, type ReduceOptions, type Reduction, type ScalarReduction } from './reduction.js';
export { reverseKl, reverseKlLoss, type ReverseKlOptions } from './reverseKl.js';
export { standardizedKd, standardizedKdLoss, type StandardizedKdOptions } from './standardizedKd.js';
export { type TopKKlOptions, topKKl, topKKlLoss, type TopLogProbs } from './topKKl.js';
export { totalVariation, totalVariationLoss, type TotalVariationOptions } from './totalVariation.js';
export { virtualTeacher, virtualTeacherLoss, type VirtualTeacherOptions } from './virtualTeacher.js';
export {
  weightedSoftLabels,
  weightedSoftLabelsLoss,
  type WeightedSoftLabelsOptions,
} from './weightedSoftLabels.js';
