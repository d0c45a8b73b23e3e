import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type Data } from '../loop/Data.js';
import { calibrationBins, expectedCalibrationError } from '../metrics/calibration.js';
import { type Answers, type ExitFacts, exitFacts, type ExitFactsOptions } from './exitFacts.js';

/** A row of a report. */
export interface ExitRow {
  /** The layer that gives the logits, or `ensemble`. */
  readonly name: string;
  /** Operations by then, as a share of the model without exits. */
  readonly cost: number;
  /** Share whose highest logit is the label. */
  readonly accuracy: number;
  /** Mean cross-entropy, nats. */
  readonly loss: number;
  /** Expected calibration error, 0 to 1, 15 bins. */
  readonly ece: number;
}

/**
 * A row for every exit, shallow to deep, then the deepest classifier, then the ensemble: the mean of all probabilities.
 *
 * @param data Labelled samples.
 * @throws DistillError if the model has no exits, or there is no label.
 *
 * @example
 * await evaluateExits(student, { x, y });
 * // [{ name: 'exit_conv2', cost: 0.13, accuracy: 0.91, … }, { name: 'logits', … }, { name: 'ensemble', … }]
 */
export async function evaluateExits(
  model: LayersModel,
  data: Data,
  options: ExitFactsOptions = {},
): Promise<ExitRow[]> {
  return exitRows(await exitFacts(model, data, options));
}

/** The rows of facts that are there already. */
export function exitRows({ exits, ensemble }: ExitFacts): ExitRow[] {
  return [...exits, ensemble].map(rowOf);
}

function rowOf({ name, cost, correct, confidences, losses }: Answers): ExitRow {
  return {
    name,
    cost,
    accuracy: correct.filter(Boolean).length / correct.length,
    loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    ece: expectedCalibrationError(calibrationBins(confidences, correct)),
  };
}
