import {
  calibrateExits,
  type Data,
  DistillError,
  exitFacts,
  type ExitPoint,
  type ExitRow,
  exitRows,
  exitsOf,
  isLayersModel,
} from '@tfjs-distill/core';
import { openModel } from '../models/openModel.js';

/** What is to know of a model's exits. Plain numbers, ready for JSON. */
export interface ExitsReport {
  readonly model: string;
  readonly data: string;
  readonly samples: number;
  /** Every exit, the deepest classifier, the ensemble. */
  readonly rows: readonly ExitRow[];
  /** Early exits by rising threshold; the last point is the whole model. */
  readonly curve: readonly ExitPoint[];
  readonly wanted: number;
  /** The cheapest point of the wanted accuracy. */
  readonly chosen: ExitPoint;
}

export interface ReportExitsOptions {
  /** Name of the data set, for people. */
  readonly name: string;
  /** Accuracy wanted of early exits, 0 to 1. Default: the whole model's. */
  readonly accuracy?: number | undefined;
}

/**
 * Opens a model with exits and measures it on labelled samples: every exit, and what stopping early gives.
 *
 * @param location A model's folder or its `model.json`.
 * @param data Samples that the model has not trained on.
 * @throws DistillError if the model cannot be opened or has no exits, or no threshold gives the accuracy.
 */
export async function reportExits(
  location: string,
  data: Data,
  { name, accuracy }: ReportExitsOptions,
): Promise<ExitsReport> {
  const model = await openModel(location);
  try {
    if (!isLayersModel(model) || exitsOf(model).length === 0) {
      throw new DistillError('OPTION', `The model in ${location} has no exits.`, {
        where: 'exits',
        hint: 'Give a LayersModel that was saved with them: attachExits(model, …), train it, save it.',
      });
    }
    const facts = await exitFacts(model, data);
    const rows = exitRows(facts);
    const wanted = accuracy ?? rows.at(-2)?.accuracy ?? 0;
    const { curve, chosen } = calibrateExits(facts, { accuracy: wanted });
    return { model: location, data: name, samples: facts.samples, rows, curve, wanted, chosen };
  } finally {
    model.dispose();
  }
}
