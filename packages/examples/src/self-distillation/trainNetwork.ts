import { train as optimizers } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  attachExits,
  cosine,
  type Criterion,
  learningRate,
  type Plugin,
  prepareCompression,
  type TensorData,
} from '@tfjs-distill/core';
import { selfDistillation } from '@tfjs-distill/losses';
import { convolutional, EXITS } from './network.js';
import { type Settings } from './settings.js';

/** The same network, trained in three ways. */
export const WAYS = {
  plain: 'without exits',
  labels: 'exits, labels alone',
  distilled: 'exits, self-distilled',
} as const;

export type Way = keyof typeof WAYS;

/** No term of its own: the task's loss alone. */
const labelsOnly: Criterion = {
  type: 'labels-only',
  weight: 0,
  requires: { teacher: false },
  compute: ({ taskLoss }) => taskLoss,
};

const CRITERIA: Readonly<Record<Way, () => Criterion>> = {
  plain: () => labelsOnly,
  labels: () => selfDistillation({ alpha: 0, featureWeight: 0 }),
  distilled: () => selfDistillation(), // α 0.3, T 3, λ 0.03: the authors'
};

export interface NetworkOptions {
  readonly settings: Settings;
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly seed: number;
}

/** The network before training; for one seed all three ways begin with the same weights. */
export function network(way: Way, { settings, inputShape, classes, seed }: NetworkOptions): LayersModel {
  const body = convolutional(inputShape, classes, settings.widths, seed);
  const exits = EXITS.map((after) => ({ after, head: settings.head }));
  return way === 'plain' ? body : attachExits(body, exits, { seed });
}

/** Trains a model in place: same images, same order, same optimizer for all three ways. */
export async function trainNetwork(
  model: LayersModel,
  way: Way,
  data: TensorData,
  { settings, seed }: NetworkOptions,
  plugins: readonly Plugin[] = [],
): Promise<void> {
  const { epochs, batchSize, learningRate: peak } = settings;
  const rate = cosine({ from: peak, to: peak / 100 });
  const manager = prepareCompression(model, {
    criterion: CRITERIA[way](),
    optimizer: optimizers.adam(peak),
    plugins: [learningRate({ rate }), ...plugins],
  });
  try {
    await manager.fit(data, { epochs, batchSize, seed });
  } finally {
    manager.dispose();
  }
}
