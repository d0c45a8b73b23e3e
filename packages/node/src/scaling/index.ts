export { allReduceSeconds } from './allReduceSeconds.js';
export {
  type CostModel,
  type PlannedWork,
  type PlanLimit,
  planLimits,
  type PlanRow,
  planRows,
  type Priced,
} from './costModel.js';
export { labellingCost, type LabellingWork } from './labellingCost.js';
export { type Limit, limitOf } from './limits.js';
export { type MeasureOptions, measureParts } from './measureParts.js';
export { ETHERNET, type LabellingParts, type Network, type TrainingParts } from './Parts.js';
export { type Prediction } from './Prediction.js';
export { trainingCost, type TrainingWork } from './trainingCost.js';
