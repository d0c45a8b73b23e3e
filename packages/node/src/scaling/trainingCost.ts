import { allReduceSeconds } from './allReduceSeconds.js';
import { type Network, type TrainingParts } from './Parts.js';
import { type Prediction, sum } from './Prediction.js';

export interface TrainingWork {
  /** Of one epoch. */
  readonly samples: number;
  readonly workers: number;
  /**
   * `shared`: the ranks share a batch, so the student learns the same as on one; `own`: each has a whole one, so steps
   * are fewer and the learning rate has to be found anew.
   */
  readonly batch: 'shared' | 'own';
  /** Ranks that run at full speed at once; more share it. Default all. For one machine: its cores. */
  readonly slots?: number | undefined;
}

/**
 * Time of data-parallel training: all ranks step together.
 *
 * A rank's part of a batch is `b = B/n` (`shared`, n ≤ B) or `b = B` (`own`); there are `E · N / (n · b)` steps of
 * `t = t_step + b · t_sample + max(allReduce(n), b · t_fetch)`: the next batch is fetched while gradients are summed.
 * Shared, the speed-up is at most `(t_step + B · (t_sample + t_fetch)) / (t_step + allReduce(n))`, by Amdahl's law.
 *
 * @param samples N ≥ 1.
 * @param workers n ≥ 1; shared, no more than the batch has samples.
 * @returns `undefined` where ranks would have nothing to do.
 */
export function trainingCost(
  parts: TrainingParts,
  network: Network,
  work: TrainingWork,
): Prediction | undefined {
  if (work.batch === 'shared' && work.workers > parts.batchSize) return undefined;
  const spent = trainingSpent(parts, network, work);
  const seconds = sum(spent);
  const alone = sum(trainingSpent(parts, network, { ...work, workers: 1, slots: undefined }));
  const { workers, samples } = work;
  return {
    workers,
    samples,
    seconds,
    spent,
    workerSeconds: workers * seconds,
    efficiency: alone / (workers * seconds),
  };
}

/** Parts that more workers shorten. A step's own time stays where ranks share a batch: there are as many steps. */
export const SHARED_TRAINING = {
  shared: ['samples', 'fetching batches'],
  own: ['samples', 'fetching batches', 'what every step takes'],
} as const;

function trainingSpent(
  parts: TrainingParts,
  network: Network,
  { samples, workers, batch, slots = Infinity }: TrainingWork,
): Record<string, number> {
  const { batchSize, epochs, gradientBytes, startSeconds } = parts;
  const own = batch === 'shared' ? batchSize / workers : batchSize;
  const steps = (epochs * samples) / (own * workers);
  const slower = Math.max(1, workers / slots);
  const reducing = allReduceSeconds(workers, gradientBytes, network);
  const fetching = own * parts.fetchSeconds * slower;
  return {
    'the start': startSeconds,
    samples: steps * own * parts.sampleSeconds * slower,
    'what every step takes': steps * parts.stepSeconds * slower,
    'fetching batches': steps * fetching,
    'summing gradients': steps * Math.max(0, reducing - fetching),
  };
}
