import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadIdxDataset, loadMnist } from '@tfjs-distill/node';
import { describe, expect, it } from 'vitest';
import { folderOf, idxBytes } from './idxFile.js';

const images = (count: number, side = 2) =>
  idxBytes(
    [count, side, side],
    Array.from({ length: count * side * side }, (_, i) => i % 256),
  );
const labels = (...classes: number[]) => idxBytes([classes.length], classes);

const good = {
  'train-images-idx3-ubyte': images(3),
  'train-labels-idx1-ubyte': labels(7, 0, 9),
  't10k-images-idx3-ubyte.gz': gzipSync(images(2)),
  't10k-labels-idx1-ubyte.gz': gzipSync(labels(1, 2)),
};

/** The message, with the folder's name taken out of it. */
async function failure(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const dir = await folderOf(files);
  const error: unknown = await loadMnist({ dir }).catch((cause: unknown) => cause);
  expect(error).toMatchObject({ name: 'DistillError', code: 'DATA' });
  return (error as Error).message.replaceAll(dir, 'DIR');
}

describe('loadMnist', () => {
  it('loads both sets, channels last, plain or gzipped', async () => {
    const { train, test } = await loadMnist({ dir: await folderOf(good) });
    expect(train.shape).toEqual([3, 2, 2, 1]);
    expect(Array.from(train.pixels)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(Array.from(train.labels)).toEqual([7, 0, 9]);
    expect([test.shape, Array.from(test.labels)]).toEqual([
      [2, 2, 2, 1],
      [1, 2],
    ]);
  });

  it('refuses broken files with one sentence that names the file', async () => {
    const { 'train-labels-idx1-ubyte': _, ...withoutLabels } = good;
    expect({
      missing: await failure(withoutLabels),
      count: await failure({ ...good, 'train-labels-idx1-ubyte': labels(1, 2) }),
      class: await failure({ ...good, 'train-labels-idx1-ubyte': labels(1, 2, 10) }),
      swapped: await failure({ ...good, 'train-images-idx3-ubyte': labels(1, 2) }),
      dimensions: await failure({ ...good, 'train-labels-idx1-ubyte': images(3) }),
      type: await failure({ ...good, 'train-labels-idx1-ubyte': idxBytes([3], [1, 2, 3], 0x09) }),
      empty: await failure({
        ...good,
        'train-images-idx3-ubyte': images(0),
        'train-labels-idx1-ubyte': labels(),
      }),
      sizes: await failure({ ...good, 'train-images-idx3-ubyte': images(3, 3) }),
    }).toMatchInlineSnapshot(`
      {
        "class": "DIR/train-labels-idx1-ubyte: Expected labels from 0 to 9, found 10 at sample 2. The file is corrupt.",
        "count": "DIR/train-labels-idx1-ubyte: Expected 3 labels, one per image of DIR/train-images-idx3-ubyte, found 2. The two files belong to different sets.",
        "dimensions": "DIR/train-labels-idx1-ubyte: Expected uint8 with 1 dimensions (magic number 0x00000801), found uint8 [3, 2, 2].",
        "empty": "DIR/train-images-idx3-ubyte: Expected at least one image, found [0, 2, 2].",
        "missing": "DIR: Expected the file train-labels-idx1-ubyte or train-labels-idx1-ubyte.gz, found neither.",
        "sizes": "DIR: Expected training and test images of one size, found 3×3×1 and 2×2×1.",
        "swapped": "DIR/train-images-idx3-ubyte: Expected uint8 with 3 or 4 dimensions (magic number 0x00000803 or 0x00000804), found uint8 [2].",
        "type": "DIR/train-labels-idx1-ubyte: Expected uint8 with 1 dimensions (magic number 0x00000801), found int8 [3].",
      }
    `);
  });
});

describe('loadIdxDataset', () => {
  it('keeps the channels that the file has', async () => {
    const dir = await folderOf({
      images: idxBytes([1, 2, 1, 3], [1, 2, 3, 4, 5, 6]),
      labels: labels(200),
    });
    const set = await loadIdxDataset({ images: join(dir, 'images'), labels: join(dir, 'labels') });
    expect([set.shape, set.labels[0]]).toEqual([[1, 2, 1, 3], 200]);
  });
});
