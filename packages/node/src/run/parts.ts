import { resolve } from 'node:path';
import { type Optimizer, train } from '@tensorflow/tfjs-core';
import {
  type CriterionLike,
  expected,
  type PluginConfig,
  type PluginLike,
  SCHEDULES,
  type StageOptions,
} from '@tfjs-distill/core';
import { importExport } from './importExport.js';
import { type PartConfig, type RunConfig, type TrainingConfig } from './config/runSchema.js';
import { isUserModule, type UserModule } from './config/userModule.js';

type CriterionConfig = NonNullable<RunConfig['criterion']>;

/** Criteria as `prepareCompression` takes them: those of user modules loaded, the others by their type. */
export async function criteriaOf(config: CriterionConfig, base: string): Promise<CriterionLike[]> {
  const list = Array.isArray(config) ? config : [config];
  return Promise.all(
    list.map(async (part) =>
      isUserModule(part) ? criterionOf(part, base) : (part as unknown as CriterionLike),
    ),
  );
}

export async function stagesOf(
  stages: NonNullable<RunConfig['stages']>,
  base: string,
): Promise<StageOptions[]> {
  return Promise.all(
    stages.map(
      async ({ epochs, criterion, train: trained }) =>
        ({
          epochs,
          criterion: await criteriaOf(criterion, base),
          ...(trained !== undefined && { train: trained }),
        }) as StageOptions,
    ),
  );
}

/** Options of plugins that are paths. */
const PATHS: Readonly<Record<string, string>> = { tensorboard: 'dir', 'history-file': 'path' };

/** A run under mpirun takes its own. */
const DATA_PARALLEL = 'mpi-data-parallel';

/** The plugins of a rank: of several only the first writes files. A run knows by itself whether it is on several. */
export const pluginsOn = (parts: readonly PartConfig[], rank = 0): PartConfig[] =>
  parts.filter((part) => {
    const type = 'type' in part ? String(part.type) : '';
    return type !== DATA_PARALLEL && (rank === 0 || !(type in PATHS));
  });

/**
 * Plugins as `prepareCompression` takes them.
 *
 * @param base Folder that paths of modules start from.
 * @param folder Of the training: what plugins write lies in it, so that no two trainings write one file.
 */
export async function pluginsOf(
  parts: readonly PartConfig[],
  base: string,
  folder: string,
): Promise<PluginLike[]> {
  return Promise.all(
    parts.map(async (part) => (isUserModule(part) ? pluginOf(part, base) : placed(part, folder))),
  );
}

function placed(part: object, folder: string): PluginLike {
  const plugin = part as PluginConfig;
  const option = PATHS[plugin.type];
  return option === undefined ? plugin : { ...plugin, [option]: resolve(folder, String(plugin[option])) };
}

/** A criterion's class or function is one already; what `defineCriterion` made, or a function of options, is called. */
async function criterionOf(
  { module, export: name, options }: UserModule,
  base: string,
): Promise<CriterionLike> {
  const file = resolve(base, module);
  const exported = await importExport(file, name);
  const isFactory = typeof exported === 'function' && ('type' in exported || options !== undefined);
  const criterion: unknown = isFactory ? (exported as (options?: object) => unknown)(options) : exported;
  if (typeof criterion === 'function' || typeof criterion === 'object') return criterion as CriterionLike;
  throw expected('the export', 'a criterion, or what defineCriterion makes', criterion, { where: file });
}

async function pluginOf({ module, export: name, options }: UserModule, base: string): Promise<PluginLike> {
  const file = resolve(base, module);
  const exported = await importExport(file, name);
  const plugin: unknown =
    typeof exported === 'function' ? (exported as (options?: object) => unknown)(options) : exported;
  if (typeof plugin === 'object' && plugin !== null) return plugin as PluginLike;
  throw expected('the export', 'a plugin { name, on… }, or a function of options that gives one', plugin, {
    where: file,
  });
}

/** The optimizer, at the rate of the first step; a schedule moves it from then on. */
export function optimizerOf({ optimizer, learningRate }: TrainingConfig): Optimizer {
  const rate = typeof learningRate === 'number' ? learningRate : firstRate(learningRate);
  switch (optimizer) {
    case 'adam':
      return train.adam(rate);
    case 'sgd':
      return train.sgd(rate);
    case 'momentum':
      return train.momentum(rate, 0.9);
    case 'rmsprop':
      return train.rmsprop(rate);
    case 'adagrad':
      return train.adagrad(rate);
    case 'adamax':
      return train.adamax(rate);
  }
}

function firstRate(schedule: unknown): number {
  const { type, ...options } = schedule as { type: keyof typeof SCHEDULES };
  const make = SCHEDULES[type] as (options: object) => (progress: object) => number;
  return make(options)({ epoch: 0, epochs: undefined, step: 0, globalStep: 0, fraction: 0 });
}
