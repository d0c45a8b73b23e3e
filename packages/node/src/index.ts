export * from './checkpoint/index.js';
export { trainingBar } from './cli/trainingBar.js';
export * from './data/augmentImages.js';
export type * from './data/Dataset.js';
export { type DatasetSpec, datasetSpecSchema } from './data/datasetSpec.js';
export { drawLabelled } from './data/drawLabelled.js';
export * from './data/loadIdxDataset.js';
export * from './data/loadMnist.js';
export * from './data/openDataset.js';
export * from './data/readIdx.js';
export { type SampleBatches, sampleBatches, type SampleBatchesOptions } from './data/sampleBatches.js';
export * from './data/sampleTensors.js';
export { type Diagnosis, diagnose } from './engine/doctor.js';
export * from './engine/index.js';
export { ensureEngine, type Ensured, type EnsureOptions } from './engine/install/ensureEngine.js';
export { installEngine, type InstallOptions, type InstallReport } from './engine/install/installEngine.js';
export { removeEngine } from './engine/removeEngine.js';
export { reportPage } from './report/reportPage.js';
export { writeReport } from './report/writeReport.js';
export { compressionMetrics, type CompressionMetrics } from './evaluation/compressionMetrics.js';
export { evaluateModel, type EvaluateModelOptions } from './evaluation/evaluateModel.js';
export type { ClassRow, Evaluation } from './evaluation/Evaluation.js';
export type { EvaluatedModel } from './evaluation/Subject.js';
export {
  type ExportFormatName,
  type ExportOptions,
  type ExportReport,
  exportStudent,
} from './export/exportStudent.js';
export { type CardFacts, modelCard } from './export/modelCard.js';
export { type Quantization, quantizeWeights } from './export/quantizeWeights.js';
export * from './io/fileSystem.js';
export * from './io/registerFileSystem.js';
export * from './models/openModel.js';
export * from './store/index.js';
export * from './teachers/index.js';
export * from './label/index.js';
export * from './plugins/index.js';
export * from './run/index.js';
