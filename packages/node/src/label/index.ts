export { estimateLabelling, type LabelEstimate } from './estimateLabelling.js';
export { labelSamples, type LabelOptions } from './labelSamples.js';
export { mergeShards, type MergeReport } from './mergeShards.js';
export { shardRows, type ShardChoice } from './shardRows.js';
