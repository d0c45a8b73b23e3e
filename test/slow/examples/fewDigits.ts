import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset, type Samples } from '@tfjs-distill/node';
import { idxBytes } from '../../node/data/idxFile.js';

/** Writes the first images of MNIST, 128 to train on and 100 to test on, as a folder for `--data`. */
export async function fewDigits(folder: string): Promise<string> {
  const { train, test } = await openDataset({ type: 'mnist', limit: { train: 128, test: 100 } });
  await Promise.all([write(folder, 'train', train), write(folder, 't10k', test)]);
  return folder;
}

async function write(folder: string, prefix: string, { shape, values, labels }: Samples): Promise<void> {
  const [count = 0, height = 0, width = 0] = shape;
  await writeFile(join(folder, `${prefix}-images-idx3-ubyte`), idxBytes([count, height, width], [...values]));
  await writeFile(join(folder, `${prefix}-labels-idx1-ubyte`), idxBytes([count], [...labels]));
}
