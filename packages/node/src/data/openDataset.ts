import { resolve } from 'node:path';
import { didYouMean, parseOptions, unknownName } from '@tfjs-distill/core';
import { cifar10Samples } from './cifar10Samples.js';
import { csvSamples } from './csvSamples.js';
import { type Dataset } from './Dataset.js';
import { type DatasetSpec, datasetSpecSchema } from './datasetSpec.js';
import { imageDataset } from './decodeImages.js';
import { fashionMnistSamples } from './fashionMnistSamples.js';
import { imageFolderSamples } from './imageFolderSamples.js';
import { makeDataset, type RawDataset } from './makeDataset.js';
import { mnistSamples } from './mnistSamples.js';
import { moduleDataset } from './moduleDataset.js';
import { npzSamples } from './npzSamples.js';
import { parquetSamples } from './parquetSamples.js';

/**
 * Opens a data set by its name or description.
 *
 * @param spec A name such as `mnist`, a file or folder whose kind its name tells, or `{ type, … }`.
 * @param base Folder that relative paths start from. Default the working folder.
 * @throws DistillError `OPTION` for a spec that is none, `DATA` where the data are missing or broken.
 * @example
 * const { train, test, classNames } = await openDataset('fashion-mnist');
 * const cifar = await openDataset({ type: 'cifar10', path: 'data/cifar-10-batches-bin' });
 */
export async function openDataset(spec: DatasetSpec | string, base = '.'): Promise<Dataset> {
  const given = typeof spec === 'string' ? specOf(spec) : spec;
  const checked = parseOptions(datasetSpecSchema, given, 'dataset');
  if (checked.type === 'module')
    return moduleDataset(resolve(base, checked.path), checked.options, checked.limit);
  return makeDataset({ ...(await read(checked, base)), limit: checked.limit });
}

function read(spec: Exclude<DatasetSpec, { type: 'module' }>, base: string): Promise<RawDataset> {
  const at = (path: string | undefined) => (path === undefined ? undefined : resolve(base, path));
  switch (spec.type) {
    case 'mnist':
      return mnistSamples(at(spec.path));
    case 'fashion-mnist':
      return fashionMnistSamples(at(spec.path));
    case 'cifar10':
      return cifar10Samples(at(spec.path));
    case 'images':
      return imageFolderSamples(resolve(base, spec.path), {
        ...imageDataset(spec),
        testShare: spec.testShare,
      });
    case 'csv':
      return csvSamples(resolve(base, spec.path), at(spec.test), spec);
    case 'parquet':
      return parquetSamples(resolve(base, spec.path), at(spec.test), spec);
    case 'npz':
      return npzSamples(resolve(base, spec.path));
  }
}

const NAMES = ['mnist', 'fashion-mnist', 'cifar10'] as const;
const MODULE = /\.[cm]?[jt]s$/;

/** What a single word or path stands for. */
export function specOf(text: string): DatasetSpec {
  const name = NAMES.find((known) => known === text);
  if (name !== undefined) return { type: name };
  if (MODULE.test(text)) return { type: 'module', path: text };
  const [, ending] = /\.(csv|parquet|npz)$/i.exec(text) ?? [];
  if (ending !== undefined) return { type: ending.toLowerCase() as 'csv' | 'parquet' | 'npz', path: text };
  if (/[/\\]/.test(text)) return { type: 'images', path: text };
  const hint =
    didYouMean(text, NAMES) ??
    `Known: ${NAMES.join(', ')}, or the path of a module, a .csv, .npz or .parquet file, or a folder of images.`;
  throw unknownName('data set', text, NAMES, { hint });
}
