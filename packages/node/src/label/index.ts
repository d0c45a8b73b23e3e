export { estimateLabelling, type LabelEstimate } from './estimateLabelling.js';
export { labelSamples, type LabelOptions } from './labelSamples.js';
export { folderFiles } from './folderFiles.js';
export { mergeShards, mergeStoredShards, type MergeReport } from './mergeShards.js';
export { blockRows, shardRows, type ShardChoice } from './shardRows.js';
export type { StoreTarget } from './StoreTarget.js';
