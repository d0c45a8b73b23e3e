import { storeHeader } from '@tfjs-distill/core';
import { type LabellingPlan } from '@tfjs-distill/node/queue';

/** Of 16 shards, the last one of 40 samples. */
export const labellingPlan: LabellingPlan = {
  teacher: { model: '/models/teacher' },
  data: { type: 'mnist' },
  split: 'train',
  header: storeHeader({ classes: 10, teacher: 'aa', dataset: 'bb' }),
  samples: 1000,
  shardSize: 64,
  batchSize: 16,
  out: '/labels',
};
