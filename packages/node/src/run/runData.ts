import { type Dataset, type Samples } from '../data/Dataset.js';
import { drawLabelled } from '../data/drawLabelled.js';
import { inOrder, type SampleBatches, sampleBatches } from '../data/sampleBatches.js';
import { everyRow } from '../data/sampleTensors.js';
import { soloCollective } from '../mpi/Collective.js';
import { placesOf, type Rank } from '../data/partOf.js';
import { type RunConfig } from './config/runSchema.js';
import { type TrainingPlan } from './plan.js';

/** Samples of an evaluation at once. */
const BATCH = 256;

export const testData = ({ test }: Dataset): SampleBatches => inOrder(test, everyRow(test), BATCH);

export interface TrainingData {
  readonly data: SampleBatches;
  /** Whether some samples show no label. */
  readonly unlabelled: boolean;
  readonly validation?: EvaluationPart;
}

/** A rank's part of an evaluation. */
export interface EvaluationPart {
  readonly data: SampleBatches;
  /** Samples in it, all of them labelled. */
  readonly samples: number;
}

/** A rank's part of the labelled test samples. */
export const testPart = ({ test }: Dataset, rank: Rank): EvaluationPart =>
  evaluationPart(
    test,
    everyRow(test).filter((row) => (test.labels[row] ?? -1) >= 0),
    rank,
  );

/** Every rank has all of them where they are too few for each to have one. */
function evaluationPart(samples: Samples, rows: Int32Array, rank: Rank): EvaluationPart {
  const own = rows.length < rank.size ? rows : rows.subarray(...placesOf(rows.length, rank));
  return { data: inOrder(samples, own, BATCH), samples: own.length };
}

/**
 * What one training learns from and is chosen by.
 *
 * Alone a student learns nothing of samples without a label; distilled it hears the teacher on all.
 *
 * @param rank Whose part of the validation samples; `fit` takes its part of the others.
 */
export function runData(
  { network, seed, training }: TrainingPlan,
  { train: samples }: Dataset,
  config: RunConfig,
  rank: Rank = soloCollective,
): TrainingData {
  const held = config.validation === undefined ? [] : drawLabelled(samples.labels, config.validation, seed);
  const isHeld = new Set(held);
  const free = everyRow(samples).filter((row) => !isHeld.has(row));
  const seen = drawFrom(free, samples.labels, config.labels ?? Infinity, seed);
  const { batchSize, augment } = training;
  const rows = network === 'alone' ? seen : free;
  return {
    data: sampleBatches(samples, { rows, batchSize, seed, labelled: new Set(seen), augment }),
    unlabelled: seen.length < rows.length,
    ...(held.length > 0 && { validation: evaluationPart(samples, Int32Array.from(held), rank) }),
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
