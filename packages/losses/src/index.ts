export { assertPositive, assertSameShape } from './checks.js';
export { kdLoss, type KdLossOptions, knowledgeDistillation } from './knowledgeDistillation.js';
export { criteria, lossesModule } from './lossesModule.js';
export { reduce, type ReduceOptions, type Reduction, type ScalarReduction } from './reduction.js';
