import { definePlugin, type Plugin } from '@tfjs-distill/core';
import * as z from 'zod/mini';
import { type Collective } from './Collective.js';
import { DataParallelTraining, type TrainingOptions } from './DataParallelTraining.js';
import { DrawnAhead } from './DrawnAhead.js';
import { partOf } from '../data/partOf.js';
import { worldCollective } from './worldCollective.js';

const TYPE = 'mpi-data-parallel';

export type DataParallelOptions = Partial<Omit<TrainingOptions, 'meanwhile'>>;

/**
 * The plugin for ranks of any kind; see `mpiDataParallel`. One rank alone needs nothing of it.
 *
 * @param ranks Stay the caller's.
 */
export function dataParallel(ranks: Collective, options: DataParallelOptions = {}): Plugin {
  if (ranks.size === 1) return { name: TYPE };
  const { unlabelled = false, validation = 1, onMessage = warn } = options;
  const ahead = new DrawnAhead();
  const meanwhile = () => ahead.drawNext();
  const training = new DataParallelTraining(ranks, { unlabelled, validation, onMessage, meanwhile });
  return {
    name: TYPE,
    traceable: false, // the gradients leave the engine, and come back as others
    part: (data, how) => ahead.over(partOf(data, ranks, how)),
    onTrainBegin: { order: 'observer', handler: (ctx) => training.begin(ctx) },
    onEpochBegin: () => training.means.reset(),
    onStepBegin: (ctx) => training.beginStep(ctx),
    ...(unlabelled && {
      onAfterComputeLoss: { order: 'pre', handler: (loss, ctx) => training.correctTask(loss, ctx) },
    }),
    onBeforeOptimizerStep: { order: 'pre', handler: (grads) => training.reduce(grads) },
    onStepEnd: { order: 'observer', handler: (ctx) => training.endStep(ctx) },
    onAfterEval: { order: 'pre', handler: (ctx) => training.averageMetrics(ctx) },
    onEpochEnd: { order: 'observer', handler: (ctx) => training.agreeOnStop(ctx) },
    onError: { order: 'observer', handler: (error) => training.fail(error) },
    state: () => training.means.state,
    restore: (state) => training.means.restore(state),
  };
}

const warn = (line: string): void => process.emitWarning(line, { code: 'DISTILL_BATCH_NORM' });

/**
 * Trains one student on all processes that `mpirun` has started, `type: 'mpi-data-parallel'`. Rank 0's weights go to
 * all; each rank takes its part of every batch; before each update one `MPI_Allreduce` over one buffer makes gradients
 * and running statistics those of the whole batch; losses, metrics and requests to stop are those of all ranks.
 *
 * `fit` takes each rank's part of the training data by itself; in a loop of your own `partOf` does. Put it behind
 * `gradientAccumulation`. Whatever writes files belongs to rank 0 alone. Started without mpirun it does nothing.
 *
 * @throws DistillError `ENGINE` where koffi or Open MPI is missing; from `onTrainBegin` `OPTION` for a criterion that
 *   compares the samples of a batch; from any hook `PeerLost` when another rank is lost.
 * @example
 * manager.use(mpiDataParallel());
 * await manager.fit({ x, y }, { batchSize: 64 }); // mpirun -n 4: 16 samples on each
 * @see Goyal et al., "Accurate, Large Minibatch SGD", https://arxiv.org/abs/1706.02677 (2017)
 */
export const mpiDataParallel = definePlugin({
  type: TYPE,
  options: z.strictObject({
    /** Whether some samples have no label: the ranks then count labels at every step. */
    unlabelled: z._default(z.boolean(), false),
  }),
  create: (options) => dataParallel(worldCollective(), options),
});
