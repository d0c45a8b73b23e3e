import { nextFrame } from '@tensorflow/tfjs-core';
import { type CompressionManager } from '../CompressionManager.js';
import { type Logs } from '../context.js';
import { expected } from '../errors.js';
import { type Plugin } from '../hooks/Plugin.js';
import { announced } from './announced.js';
import { batchSource, type BatchOptions, type BatchSource } from './batches.js';
import { checkLabels } from './checkLabels.js';
import { type Data } from './Data.js';

export interface FitOptions extends BatchOptions {
  /** Passes over the data, ≥ 1. Default: what the stages last together, else 1. */
  readonly epochs?: number;
  /** Samples that the student is evaluated on at the end of each epoch. */
  readonly validation?: Data;
  /** Plugins for this run only. */
  readonly plugins?: readonly Plugin[];
  /** Ends training after the running step. */
  readonly signal?: AbortSignal;
}

/** What a training run leaves behind. */
export interface History {
  /** A row an epoch: mean `loss`, `task`, each criterion's term, `val_…` metrics, whatever was logged. */
  readonly epochs: readonly Logs[];
  readonly steps: number;
  /** Why it ended early, if it did. */
  readonly stopReason: string | undefined;
}

/** Longest time the loop holds the thread before it lets a page breathe. */
const YIELD_EVERY_MS = 125;

/** The whole training: `manager.fit` in the form of a function. Fires every hook in the documented order. */
export async function fit(manager: CompressionManager, data: Data, options: FitOptions): Promise<History> {
  const { epochs = manager.stageEpochs ?? 1, plugins = [], shuffle = true } = options;
  if (!(Number.isInteger(epochs) && epochs > 0))
    throw expected('epochs', 'a whole number above 0', epochs, { where: 'fit' });
  const source = batchSource(data, { ...options, shuffle });
  await checkLabels(data, manager.model.signature);
  const undo = plugins.map((plugin) => manager.use(plugin));
  try {
    void manager.optimizer; // plugins see it from onTrainBegin on
    await manager.onTrainBegin({
      epochs,
      ...(source.steps !== undefined && { stepsPerEpoch: source.steps }),
    });
    for (let epoch = 0; epoch < epochs && stopReason(manager, options) === undefined; epoch++) {
      await fitEpoch(manager, source, epoch, options);
    }
    return await manager.onTrainEnd();
  } catch (error) {
    await manager.onError(error);
    throw error;
  } finally {
    for (const off of undo) off();
  }
}

async function fitEpoch(
  manager: CompressionManager,
  source: BatchSource,
  epoch: number,
  options: FitOptions,
) {
  await manager.onEpochBegin(epoch);
  let yielded = performance.now();
  for await (const { batch, free } of announced(manager, source.epoch(epoch))) {
    try {
      await manager.trainStep(batch);
    } finally {
      free();
    }
    if (stopReason(manager, options) !== undefined) break;
    if (performance.now() - yielded > YIELD_EVERY_MS) {
      await nextFrame();
      yielded = performance.now();
    }
  }
  if (options.validation !== undefined) await manager.evaluateEpoch(options.validation, options);
  await manager.onEpochEnd();
}

function stopReason(manager: CompressionManager, { signal }: FitOptions): string | undefined {
  if (signal?.aborted && manager.stopReason === undefined) manager.stop('aborted');
  return manager.stopReason;
}
