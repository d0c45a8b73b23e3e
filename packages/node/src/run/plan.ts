import { type Dataset } from '../data/Dataset.js';
import { type RunConfig, type TrainingConfig } from './config/runSchema.js';

export type Network = 'alone' | 'distilled';

/** One training of a run. */
export interface TrainingPlan {
  readonly network: Network;
  readonly seed: number;
  readonly training: TrainingConfig & { readonly epochs: number };
}

/** All trainings of a run, in order: for each seed the student alone, then distilled. */
export function planTrainings(config: RunConfig): TrainingPlan[] {
  const networks: Network[] = config.alone === false ? ['distilled'] : ['alone', 'distilled'];
  return seedsOf(config).flatMap((seed) =>
    networks.map((network) => ({ network, seed, training: trainingOf(config, network) })),
  );
}

export const seedsOf = ({ seeds }: RunConfig): number[] =>
  typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => i + 1) : seeds;

const EPOCHS = 10;

/** How a network is trained: as `training` says, and what `alone` says otherwise. */
function trainingOf(config: RunConfig, network: Network): TrainingPlan['training'] {
  const { training, alone, stages } = config;
  const epochs = training.epochs ?? stages?.reduce((sum, stage) => sum + stage.epochs, 0) ?? EPOCHS;
  const common = { ...training, epochs };
  if (network === 'distilled' || typeof alone === 'boolean') return common;
  const { augment = common.augment, ...own } = alone;
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return { ...common, ...given, augment: augment === false ? undefined : augment };
}

/** What a run is going to do, in one line. */
export function planLine(
  config: RunConfig,
  dataset: Dataset,
  student: { readonly parameters: number },
): string {
  const count = (value: number) => value.toLocaleString('en');
  const { train, test } = dataset;
  const labels =
    config.labels === undefined ? '' : `, ${count(Math.min(config.labels, train.shape[0]))} labelled`;
  const trainings = (['alone', 'distilled'] as const)
    .filter((network) => network === 'distilled' || config.alone !== false)
    .map((network) => `${network} ${count(trainingOf(config, network).epochs)} epochs`);
  const seeds = seedsOf(config).length;
  return [
    `Plan: ${dataset.name} (${count(train.shape[0])} training samples${labels}, ${count(test.shape[0])} test)`,
    `student of ${count(student.parameters)} parameters`,
    ...trainings,
    `${seeds} ${seeds === 1 ? 'seed' : 'seeds'}.`,
  ].join('; ');
}
