import { type Dataset } from '../data/Dataset.js';
import { type RunConfig, type TrainingConfig } from './config/runSchema.js';
import { type UserModule } from './config/userModule.js';

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
  { name, train, test }: Pick<Dataset, 'name' | 'train' | 'test'>,
  { parameters }: { readonly parameters: number },
): string {
  const labels =
    config.labels === undefined ? '' : `, ${count(Math.min(config.labels, train.shape[0]))} labelled`;
  const trainings = (['alone', 'distilled'] as const)
    .filter((network) => network === 'distilled' || config.alone !== false)
    .map((network) => `${network} ${counted(trainingOf(config, network).epochs, 'epoch')}`);
  return [
    `Plan: ${name} (${count(train.shape[0])} training samples${labels}, ${count(test.shape[0])} test)`,
    teacherNames(config),
    `${studentName(config)} of ${count(parameters)} parameters`,
    `criterion ${criterionNames(config)}`,
    ...trainings,
    `${counted(seedsOf(config).length, 'seed')}.`,
  ].join('; ');
}

function teacherNames({ teacher, storeTeacher }: RunConfig): string {
  if (teacher === undefined) return 'no teacher';
  const names = [teacher].flat().map((one) => {
    if (typeof one === 'string') return one;
    return 'store' in one ? `answers in ${one.store}` : (one.name ?? one.model);
  });
  return `teacher ${names.join(' + ')}${storeTeacher ? ', stored' : ''}`;
}

const studentName = ({ student }: RunConfig): string =>
  typeof student === 'string' ? `student ${student}` : 'student';

/** e.g. `kd + ./mine.js`, stage by stage. */
function criterionNames({ criterion, stages }: RunConfig): string {
  const names = (parts: NonNullable<RunConfig['criterion']>) =>
    [parts].flat().map((part) => ('type' in part ? String(part.type) : String((part as UserModule).module)));
  const all = stages?.map((stage) => stage.criterion) ?? (criterion === undefined ? [] : [criterion]);
  return all.map((parts) => names(parts).join(' + ')).join(', then ');
}

const count = (value: number): string => value.toLocaleString('en');
const counted = (value: number, what: string): string => `${count(value)} ${what}${value === 1 ? '' : 's'}`;
