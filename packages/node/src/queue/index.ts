export { labelOnQueue, type QueueOptions, type QueueReport } from './labelOnQueue.js';
export { type LabellingPlan, planId, shardCount } from './LabellingPlan.js';
export { s3Files } from './place/s3Files.js';
export { type LabellingOptions, type PlannedLabelling, planLabelling } from './planLabelling.js';
export type { QueueProgress, ShardStates } from './QueueProgress.js';
export { runWorker, type WorkerOptions, type WorkerSummary } from './runWorker.js';
export type { ActiveShard, WorkerReport } from './WorkerReport.js';
