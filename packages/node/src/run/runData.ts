import { type Dataset } from '../data/Dataset.js';
import { drawLabelled } from '../data/drawLabelled.js';
import { inOrder, type SampleBatches, sampleBatches } from '../data/sampleBatches.js';
import { everyRow } from '../data/sampleTensors.js';
import { type RunConfig } from './config/runSchema.js';
import { type TrainingPlan } from './plan.js';

/** Samples of an evaluation at once. */
const BATCH = 256;

export const testData = ({ test }: Dataset): SampleBatches => inOrder(test, everyRow(test), BATCH);

/**
 * What one training learns from and is chosen by.
 *
 * Alone a student learns nothing of samples without a label; distilled it hears the teacher on all.
 */
export function runData(
  { network, seed, training }: TrainingPlan,
  { train: samples }: Dataset,
  config: RunConfig,
): { data: SampleBatches; validation?: SampleBatches } {
  const held = config.validation === undefined ? [] : drawLabelled(samples.labels, config.validation, seed);
  const isHeld = new Set(held);
  const free = everyRow(samples).filter((row) => !isHeld.has(row));
  const seen = drawFrom(free, samples.labels, config.labels ?? Infinity, seed);
  const { batchSize, augment } = training;
  const rows = network === 'alone' ? seen : free;
  return {
    data: sampleBatches(samples, { rows, batchSize, seed, labelled: new Set(seen), augment }),
    ...(held.length > 0 && { validation: inOrder(samples, Int32Array.from(held), BATCH) }),
  };
}

function drawFrom(rows: Int32Array, labels: Int32Array, count: number, seed: number): Int32Array {
  const drawn = drawLabelled(
    rows.map((row) => labels[row] ?? -1),
    count,
    seed,
  );
  return drawn.map((i) => rows[i] ?? 0);
}
