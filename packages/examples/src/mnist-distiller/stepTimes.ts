import { train as optimizers } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  type CompressionManager,
  type CriterionLike,
  labelsOnly,
  prepareCompression,
  quantile,
  storedTeacher,
  type TeacherLike,
  type TeacherStore,
} from '@tfjs-distill/core';
import { everyRow, type Samples, sampleTensors } from '@tfjs-distill/node';
import { kerasStudent } from './models.js';

/** Milliseconds of a step of the student, without a teacher and with one; medians. */
export interface StepTimes {
  readonly batchSize: number;
  readonly alone: number;
  readonly stored: number;
  readonly live: number;
}

const BATCH = 32;
const STEPS = 20; // of a round
const ROUNDS = 10;

interface Teaching {
  readonly teacher: LayersModel;
  /** What it says of the first images. */
  readonly store: TeacherStore;
  readonly criterion: () => CriterionLike;
}

/**
 * Times steps on the first images of a set. All kinds are timed in this process and in turn, round after round, so
 * that a slow spell of the machine falls on each; a round before the first warms up.
 */
export async function stepTimes(
  set: Samples,
  images: number,
  { teacher, store, criterion }: Teaching,
): Promise<StepTimes> {
  const steps = Math.max(1, Math.min(STEPS, Math.floor(images / BATCH)));
  const data = sampleTensors(set, everyRow(set).subarray(0, Math.min(images, steps * BATCH)));
  const managers = [
    taught(labelsOnly),
    taught(criterion(), storedTeacher(store)),
    taught(criterion(), teacher),
  ];
  const times = managers.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, manager] of managers.entries()) {
      const began = performance.now();
      await manager.fit(data, { batchSize: BATCH, seed: round });
      if (round > 0) times[i]?.push((performance.now() - began) / steps);
    }
  }
  for (const part of [...managers, data.x, data.y]) part.dispose();
  const [alone = NaN, stored = NaN, live = NaN] = times.map((values) => quantile(values, 0.5));
  return { batchSize: BATCH, alone, stored, live };
}

function taught(criterion: CriterionLike, teacher?: TeacherLike): CompressionManager {
  const optimizer = optimizers.adam(1e-3);
  return prepareCompression(kerasStudent(1), { criterion, optimizer, ...(teacher && { teacher }) });
}
