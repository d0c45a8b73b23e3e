import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DistillError } from '@tfjs-distill/core';
import { downloadCifar10 } from './downloadCifar10.js';
import { type RawDataset, type RawSamples } from './makeDataset.js';

const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const SIDE = 32;
const CHANNELS = 3;
const PLANE = SIDE * SIDE;
const RECORD = 1 + CHANNELS * PLANE;

/**
 * CIFAR-10 from its binary version: `data_batch_*.bin`, any number of them, and `test_batch.bin`.
 *
 * @param folder Where the files are. Default: the cache, filled by one download of 170 MB, checked by its SHA-256.
 * @returns Images of 32×32×3 bytes, ten classes; 50,000 and 10,000 in the original.
 * @throws DistillError `DATA` if files are missing, truncated or hold labels above 9; if the download fails.
 * @see https://www.cs.toronto.edu/~kriz/cifar.html
 */
export async function cifar10Samples(folder?: string): Promise<RawDataset> {
  const path = folder ?? (await downloadCifar10());
  const names = await readdir(path).catch((): string[] => []);
  const training = names.filter((name) => /^data_batch_\d+\.bin$/.test(name)).sort();
  if (training.length === 0 || !names.includes('test_batch.bin')) {
    const found = 'Expected data_batch_1.bin to data_batch_5.bin and test_batch.bin, found too few of them.';
    throw new DistillError('DATA', found, { where: path });
  }
  return {
    name: 'cifar10',
    train: await readRecords(training.map((name) => join(path, name))),
    test: await readRecords([join(path, 'test_batch.bin')]),
    classNames: CLASSES,
  };
}

async function readRecords(files: readonly string[]): Promise<RawSamples> {
  const bytes = Buffer.concat(await Promise.all(files.map(readBatch)));
  const count = bytes.length / RECORD;
  const values = new Uint8Array(count * CHANNELS * PLANE);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = bytes[i * RECORD] ?? -1;
    interleave(bytes.subarray(i * RECORD + 1, (i + 1) * RECORD), values.subarray(i * CHANNELS * PLANE));
  }
  return { values, shape: [count, SIDE, SIDE, CHANNELS], labels };
}

async function readBatch(file: string): Promise<Buffer> {
  const bytes = await readFile(file);
  const wrong = bytes.length === 0 || bytes.length % RECORD !== 0;
  if (!wrong) return bytes;
  const found = `Expected whole records of ${RECORD} bytes, found ${bytes.length} bytes.`;
  throw new DistillError('DATA', found, { where: file, hint: 'The file is truncated or not CIFAR-10.' });
}

/** Three planes of one image become pixels of three channels. */
function interleave(planes: Uint8Array, pixels: Uint8Array): void {
  for (let channel = 0; channel < CHANNELS; channel++)
    for (let k = 0; k < PLANE; k++) pixels[k * CHANNELS + channel] = planes[channel * PLANE + k] ?? 0;
}
