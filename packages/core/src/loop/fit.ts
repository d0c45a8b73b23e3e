import { nextFrame } from '@tensorflow/tfjs-core';
import { type CompressionManager } from '../CompressionManager.js';
import { requireCheckpoint } from '../checkpoint/checkpointFiles.js';
import { checkpointStore, type CheckpointStore } from '../checkpoint/CheckpointStore.js';
import { disposeState } from '../checkpoint/mapState.js';
import { type Logs, type TrainContext } from '../context.js';
import { expected } from '../errors.js';
import { type Plugin } from '../hooks/Plugin.js';
import { type TrainPlan } from '../Run.js';
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
  /** Steps of one epoch, where the data does not say: schedules then move with every step. */
  readonly stepsPerEpoch?: number;
  /**
   * Goes on from the newest complete checkpoint there: a folder (with the node package), or a store. Data, criteria
   * and plugins are given as in the run that wrote it; `epochs` may be more.
   */
  readonly resume?: string | CheckpointStore;
}

/** What a training run leaves behind. */
export interface History {
  /** A row an epoch: mean `loss`, `task`, each criterion's term, `val_…` metrics, whatever was logged. */
  readonly epochs: readonly Logs[];
  readonly steps: number;
  /** Why it ended early, if it did. */
  readonly stopReason: string | undefined;
  /** The checkpoint it went on from, and newer ones that were damaged. */
  readonly resumed?: { readonly from: string; readonly damaged: readonly string[] };
}

/** Longest time the loop holds the thread before it lets a page breathe. */
const YIELD_EVERY_MS = 125;

/** The whole training: `manager.fit` in the form of a function. Fires every hook in the documented order. */
export async function fit(manager: CompressionManager, data: Data, options: FitOptions): Promise<History> {
  const { epochs = manager.stageEpochs ?? 1, plugins = [], shuffle = true, signal } = options;
  if (!(Number.isInteger(epochs) && epochs > 0))
    throw expected('epochs', 'a whole number above 0', epochs, { where: 'fit' });
  batchSource(data, { ...options, shuffle }); // refuses what is no data
  await checkLabels(data, manager.model.signature);
  const checkpoint = options.resume && (await requireCheckpoint(checkpointStore(options.resume)));
  const all = signal === undefined ? plugins : [...plugins, abortable(signal)];
  const undo = all.map((plugin) => manager.use(plugin));
  try {
    const drawn = { ...options, shuffle };
    const source = batchSource(manager.partOf(data, drawn), drawn);
    void manager.optimizer; // plugins see it from onTrainBegin on
    await manager.onTrainBegin(planOf(source, { ...options, epochs, shuffle }));
    const { epoch: first, step } = checkpoint
      ? await manager.resume(checkpoint.state)
      : { epoch: 0, step: 0 };
    for (let epoch = first; epoch < epochs && manager.stopReason === undefined; epoch++) {
      await fitEpoch(manager, source, epoch, { ...options, done: epoch === first ? step : 0 });
    }
    const history = await manager.onTrainEnd();
    return checkpoint
      ? { ...history, resumed: { from: checkpoint.name, damaged: checkpoint.damaged } }
      : history;
  } catch (error) {
    await manager.onError(error);
    throw error;
  } finally {
    if (checkpoint) disposeState(checkpoint.state);
    for (const off of undo) off();
  }
}

function planOf({ steps }: BatchSource, options: FitOptions): TrainPlan {
  const { epochs, batchSize = 32, shuffle, seed = 0, stepsPerEpoch = steps } = options;
  return {
    ...(epochs !== undefined && { epochs }),
    ...(stepsPerEpoch !== undefined && { stepsPerEpoch }),
    seed,
    facts: { batchSize, shuffle, stepsPerEpoch },
  };
}

/** Asks to stop inside of a hook, so that whoever writes checkpoints hears of it in time. */
function abortable(signal: AbortSignal): Plugin {
  const look = (ctx: TrainContext) => {
    if (signal.aborted) ctx.stop('aborted');
  };
  return { name: 'abort-signal', onTrainBegin: look, onStepEnd: look };
}

interface EpochOptions extends FitOptions {
  /** Steps of this epoch that an earlier run has done; its beginning was then told of. */
  readonly done: number;
}

async function fitEpoch(
  manager: CompressionManager,
  source: BatchSource,
  epoch: number,
  options: EpochOptions,
) {
  let { done } = options;
  if (done === 0) await manager.onEpochBegin(epoch);
  let yielded = performance.now();
  for await (const { batch, free } of announced(manager, source.epoch(epoch), done)) {
    try {
      if (done-- > 0) continue;
      await manager.trainStep(batch);
    } finally {
      free();
    }
    if (manager.stopReason !== undefined) break;
    if (performance.now() - yielded > YIELD_EVERY_MS) {
      await nextFrame();
      yielded = performance.now();
    }
  }
  if (options.validation !== undefined) await manager.evaluateEpoch(options.validation, options);
  await manager.onEpochEnd();
}
