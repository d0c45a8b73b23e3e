import { type LayersModel } from '@tensorflow/tfjs-layers';

/** What a student has to fit, and what its random numbers start from. */
export interface StudentPlan {
  /** One sample's shape, e.g. `[28, 28, 1]`. */
  readonly inputShape: readonly number[];
  readonly classes: number;
  /** The same seed gives the same weights on every engine. */
  readonly seed: number;
}

/** Makes a student that ends in logits; the caller owns it. */
export type StudentBuilder = (plan: StudentPlan) => LayersModel;
