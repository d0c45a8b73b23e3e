export { type ComparisonRow, comparisonRows } from './compareRuns.js';
export { type LoadedConfig, readRunConfig } from './config/readRunConfig.js';
export { runJsonSchema } from './config/runJsonSchema.js';
export { type RunConfig, runSchema } from './config/runSchema.js';
export { distillRun, Interrupted, type RunListener, type RunOptions } from './distillRun.js';
export { openStudent, type StudentSpec } from './openStudent.js';
export { readRuns } from './readRuns.js';
export type { RunRecord, TrainingRecord } from './RunRecord.js';
export { sweep, type SweepOptions, type SweptPoint } from './sweep.js';
