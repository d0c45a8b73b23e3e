export { assertPositive, assertSameShape } from './checks.js';
export { kdLoss, type KdLossOptions, knowledgeDistillation } from './knowledgeDistillation.js';
export { reduce, type ReduceOptions, type Reduction, type ScalarReduction } from './reduction.js';
