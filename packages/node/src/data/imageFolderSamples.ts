import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DistillError } from '@tfjs-distill/core';
import { decodeImages, type ImageSize } from './decodeImages.js';
import { type RawDataset, type RawSamples } from './makeDataset.js';
import { splitSamples } from './splitSamples.js';

const IMAGE = /\.(png|jpe?g|webp|gif|tiff?|avif)$/i;
const TEST_NAMES = ['test', 'val', 'validation'];

/**
 * Images in a folder for each class, below `train` and `test` (or `val`), or all in one place.
 *
 * @param folder `folder/train/cat/1.png`, or `folder/cat/1.png` and a share of each class for testing.
 * @throws DistillError `DATA` if there are no images, a class of the test set is none of the training set, or an image is broken.
 */
export async function imageFolderSamples(
  folder: string,
  { testShare, ...image }: ImageSize & { readonly testShare?: number | undefined },
): Promise<RawDataset> {
  const names = await foldersIn(folder);
  const test = TEST_NAMES.find((name) => names.includes(name));
  const isSplit = names.includes('train') && test !== undefined;
  const training = isSplit ? join(folder, 'train') : folder;
  const classNames = isSplit ? await foldersIn(training) : names;
  const train = await readClasses(training, classNames, image);
  if (!isSplit) return { name: folder, ...splitSamples(train, testShare), classNames };
  return { name: folder, train, test: await readClasses(join(folder, test), classNames, image), classNames };
}

async function readClasses(
  folder: string,
  classNames: readonly string[],
  image: ImageSize,
): Promise<RawSamples> {
  const unknown = (await foldersIn(folder)).find((name) => !classNames.includes(name));
  if (unknown !== undefined)
    throw new DistillError('DATA', `The class "${unknown}" is none of the training set's.`, {
      where: folder,
    });
  const files: string[] = [];
  const labels: number[] = [];
  for (const [label, name] of classNames.entries()) {
    const images = await readdir(join(folder, name)).catch((): string[] => []);
    for (const file of images.filter((image) => IMAGE.test(image)).sort()) {
      files.push(join(folder, name, file));
      labels.push(label);
    }
  }
  if (files.length === 0)
    throw new DistillError('DATA', 'Expected a folder of images for each class, found no image.', {
      where: folder,
    });
  return { ...(await decodeImages(files, image, folder)), labels: Int32Array.from(labels) };
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DistillError('DATA', 'This folder cannot be read.', { where: folder, cause });
  });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
}
