import { labellingCost, SHARED_LABELLING } from './labellingCost.js';
import { type Limit, limitOf } from './limits.js';
import { type LabellingParts, type Network, type TrainingParts } from './Parts.js';
import { type Prediction } from './Prediction.js';
import { SHARED_TRAINING, trainingCost, type TrainingWork } from './trainingCost.js';

/** Everything that time and money follow from. */
export interface CostModel {
  /** Absent where there is nothing to label: no teacher, or its answers are stored. */
  readonly labelling?: LabellingParts | undefined;
  readonly training: TrainingParts;
  readonly network: Network;
}

export interface PlannedWork {
  /** Sizes of data sets. */
  readonly samples: readonly number[];
  /** Numbers of workers. */
  readonly workers: readonly number[];
  /** Of one worker. */
  readonly hourlyPrice?: number | undefined;
}

/** One line of a plan. */
export interface PlanRow {
  readonly samples: number;
  readonly workers: number;
  readonly labelling?: Priced | undefined;
  /** Absent where a batch has fewer samples than there are ranks. */
  readonly training?: Priced | undefined;
  /** With a whole batch for each rank. */
  readonly trainingLargeBatch: Priced;
}

export interface Priced {
  readonly seconds: number;
  readonly efficiency: number;
  /** In the currency of the hourly price, where one is given. */
  readonly cost?: number;
}

/**
 * Time and money of labelling and training, for each number of samples by each number of workers.
 *
 * @example
 * const rows = planRows(model, { samples: [1e6, 1e8], workers: [1, 10, 100], hourlyPrice: 2.5 }); // six rows
 */
export function planRows(model: CostModel, { samples, workers, hourlyPrice }: PlannedWork): PlanRow[] {
  return samples.flatMap((count) =>
    workers.map((many) => {
      const { labelling, training } = model;
      const trained = (batch: TrainingWork['batch']) =>
        trainingCost(training, model.network, { samples: count, workers: many, batch });
      return {
        samples: count,
        workers: many,
        labelling:
          labelling && priced(labellingCost(labelling, { samples: count, workers: many }), hourlyPrice),
        training: priced(trained('shared'), hourlyPrice),
        trainingLargeBatch: priced(trained('own') as Prediction, hourlyPrice),
      };
    }),
  );
}

/** Where one piece of work ends: see `limitOf`. */
export interface PlanLimit {
  readonly samples: number;
  readonly work: 'labelling' | 'training' | 'training, a batch each';
  /** `undefined`: nowhere below 16 million workers. */
  readonly limit: Limit | undefined;
}

/** Where labelling and training of a data set end. */
export function planLimits({ labelling, training, network }: CostModel, samples: number): PlanLimit[] {
  const trained = (batch: TrainingWork['batch']) =>
    limitOf(
      (workers) => trainingCost(training, network, { samples, workers, batch }),
      SHARED_TRAINING[batch],
    );
  const labelled = (parts: LabellingParts) =>
    limitOf((workers) => labellingCost(parts, { samples, workers }), SHARED_LABELLING);
  return [
    ...(labelling ? [{ samples, work: 'labelling' as const, limit: labelled(labelling) }] : []),
    { samples, work: 'training', limit: trained('shared') },
    { samples, work: 'training, a batch each', limit: trained('own') },
  ];
}

function priced(prediction: Prediction, hourly: number | undefined): Priced;
function priced(prediction: Prediction | undefined, hourly: number | undefined): Priced | undefined;
function priced(prediction: Prediction | undefined, hourly: number | undefined): Priced | undefined {
  if (prediction === undefined) return undefined;
  const { seconds, efficiency, workerSeconds } = prediction;
  return { seconds, efficiency, ...(hourly !== undefined && { cost: (workerSeconds / 3600) * hourly }) };
}
