/** One rank of some trainings on made-up data; rank 0 prints what came of them as JSON. Argument: a list of options. */
import { randomNormal, type Tensor, tensor1d, tidy, train } from '@tensorflow/tfjs-core';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import {
  type Batch,
  type CriterionConfig,
  initializeWeights,
  type Plugin,
  type PluginConfig,
  prepareCompression,
  type StepReport,
} from '@tfjs-distill/core';
import { lossesModule } from '@tfjs-distill/losses';
import { type EngineName, selectEngine } from '@tfjs-distill/node/engine';
import { mpiModule, partOf, worldCollective } from '@tfjs-distill/node/mpi';

export interface RankOptions {
  readonly engine: EngineName;
  readonly criterion?: CriterionConfig;
  /** Samples of the data set, of a batch, passes. */
  readonly samples: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly optimizer?: 'sgd' | 'adam';
  readonly batchNorm?: boolean;
  /** Every so many-th sample has a label. */
  readonly labelled?: number;
  readonly weights?: boolean;
  readonly plugins?: readonly PluginConfig[];
  /** In a loop of its own, by `trainStep`. */
  readonly ownLoop?: 'parts' | 'whole';
  /** Rank and step at which it asks to stop, throws, or is killed. */
  readonly stopAt?: readonly [rank: number, step: number];
  readonly throwAt?: readonly [rank: number, step: number];
  /** Seed of the student's weights, plus the rank: only the broadcast makes them the same. */
  readonly seed?: number;
}

export interface RankOutcome {
  readonly weights: number[][];
  readonly logs: Record<string, number>[];
  readonly steps: number;
  readonly stopReason: string | undefined;
  readonly report: StepReport | undefined;
}

const trainings = JSON.parse(process.argv[2] ?? '[]') as RankOptions[];
const ranks = worldCollective();
try {
  const outcomes: RankOutcome[] = [];
  for (const options of trainings) outcomes.push(await trained(options));
  if (ranks.rank === 0) process.stdout.write(`${JSON.stringify(outcomes)}\n`);
} catch (error) {
  process.stderr.write(`rank ${ranks.rank}: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function trained(options: RankOptions): Promise<RankOutcome> {
  const { criterion = { type: 'kd', temperature: 2, alpha: 0.5 }, samples, batchSize, epochs } = options;
  await selectEngine({ engine: options.engine });
  const student = network(options.batchNorm ?? false, (options.seed ?? 1) + ranks.rank);
  const teacher = network(false, 100);
  const manager = prepareCompression(student, {
    teacher,
    criterion,
    optimizer: options.optimizer === 'adam' ? train.adam(0.01) : train.sgd(0.1),
    modules: [lossesModule, mpiModule],
    plugins: [
      ...(options.plugins ?? []),
      { type: 'mpi-data-parallel', unlabelled: options.labelled !== undefined },
      disturber(options),
    ],
  });
  const data = madeUp(samples, options);
  const validation = madeUp(60, {});
  const history = options.ownLoop
    ? await ownLoop(manager, data, options)
    : await manager.fit(data, { batchSize, epochs, seed: 3, validation });
  const weights = await Promise.all(student.getWeights().map(async (tensor) => [...(await tensor.data())]));
  const { epochs: logs, steps, stopReason } = history;
  const outcome = { weights, logs: [...logs], steps, stopReason, report: manager.stepReport };
  manager.dispose();
  return outcome;
}

async function ownLoop(
  manager: ReturnType<typeof prepareCompression>,
  data: ReturnType<typeof madeUp>,
  { ownLoop, batchSize, epochs }: RankOptions,
) {
  const how = { batchSize, shuffle: true, seed: 3 };
  const whole = partOf(data, { rank: 0, size: 1 }, how);
  const parts = ownLoop === 'parts' ? partOf(data, ranks, how) : whole;
  await manager.onTrainBegin({ epochs, seed: 3 });
  for (let epoch = 0; epoch < epochs; epoch++) {
    await manager.onEpochBegin();
    for await (const batch of parts.batches(epoch)) await manager.trainStep(withoutShare(batch));
    await manager.onEpochEnd();
  }
  return manager.onTrainEnd();
}

/** As a loop draws them that knows nothing of parts. */
function withoutShare({ x, y, ids }: Batch): Batch {
  return { x, y: y!, ids: ids! };
}

function disturber({ stopAt, throwAt }: RankOptions): Plugin {
  const is = (at: readonly [number, number] | undefined, step: number) =>
    at !== undefined && at[0] === ranks.rank && at[1] === step;
  return {
    name: 'disturber',
    onStepEnd: ({ globalStep, stop }) => {
      if (is(stopAt, globalStep)) stop('enough');
      if (is(throwAt, globalStep)) throw new Error('this rank has a fault');
    },
  };
}

function network(batchNorm: boolean, seed: number): LayersModel {
  const model = sequential({
    layers: [
      layers.dense({ inputShape: [12], units: 16, activation: 'relu' }),
      ...(batchNorm ? [layers.batchNormalization()] : []),
      layers.dense({ units: 5, name: 'logits' }),
    ],
  });
  initializeWeights(model, seed);
  return model;
}

function madeUp(count: number, { labelled, weights }: Partial<RankOptions>) {
  const x: Tensor = randomNormal([count, 12], 0, 1, 'float32', 5);
  const label = (i: number) => (labelled !== undefined && (i * 7) % labelled !== 0 ? -1 : (i * 13) % 5);
  const y = tensor1d(
    Array.from({ length: count }, (_, i) => label(i)),
    'int32',
  );
  const weighing = tidy(() => tensor1d(Array.from({ length: count }, (_, i) => 0.2 + ((i * 3) % 7))));
  return { x, y, ...(weights && { weights: weighing }) };
}
