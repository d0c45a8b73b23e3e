import { dispose } from '@tensorflow/tfjs-core';
import { type CompressionManager } from '@tfjs-distill/core';
import { type SampleBatch, type SampleBatches } from '../data/sampleBatches.js';
import { type TrainingParts } from './Parts.js';
import { timed } from './timed.js';

export type MeasuredTraining = Pick<
  TrainingParts,
  'stepSeconds' | 'sampleSeconds' | 'fetchSeconds' | 'gradientBytes'
>;

/**
 * Times training steps with whole batches and with quarters of them, which tells what a step takes whatever its batch
 * from what each sample takes: a line through both.
 *
 * @param manager Its student is trained on; stays the caller's.
 * @param batchesOf Batches of a size.
 * @param budget Seconds for each of the two sizes.
 */
export async function measureTraining(
  manager: CompressionManager,
  batchesOf: (size: number) => SampleBatches,
  batchSize: number,
  budget: number,
): Promise<MeasuredTraining> {
  const small = Math.max(1, Math.round(batchSize / 4));
  const fetchSeconds = (await timeFetching(batchesOf(batchSize))) / batchSize;
  const whole = await timeSteps(manager, batchesOf(batchSize), budget);
  const quarter = small === batchSize ? whole : await timeSteps(manager, batchesOf(small), budget);
  const sampleSeconds = Math.max(0, whole - quarter) / Math.max(1, batchSize - small);
  return {
    fetchSeconds,
    sampleSeconds,
    stepSeconds: Math.max(0, whole - batchSize * sampleSeconds),
    gradientBytes: 4 * manager.variables.reduce((total, { size }) => total + size, 0),
  };
}

async function timeSteps(
  manager: CompressionManager,
  batches: SampleBatches,
  budget: number,
): Promise<number> {
  const batch = endless(batches)();
  try {
    const step = async () => {
      await manager.trainStep(batch);
      await manager.variables[0]?.data(); // until the engine is done
    };
    // the first step is eager, the second is recorded, the third runs as the others will
    return await timed(step, { warmUp: 3, budget, rounds: 30 });
  } finally {
    free(batch);
  }
}

function timeFetching(batches: SampleBatches): Promise<number> {
  const next = endless(batches);
  return timed(() => free(next()), { budget: 1, rounds: 20 });
}

function endless(batches: SampleBatches): () => SampleBatch {
  const all = (function* () {
    for (let epoch = 0; ; epoch++) yield* batches.batches(epoch);
  })();
  return () => all.next().value;
}

const free = ({ x, y }: SampleBatch): void => dispose([x, y]);
