import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { idxBytes } from '../node/data/idxFile.js';

/** Writes digits of a kind as MNIST's four files: class c is a bright bar in the rows about 2c + 4, with a little noise. */
export async function madeDigits(
  folder: string,
  { train, test }: { readonly train: number; readonly test: number },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all([write(folder, 'train', train), write(folder, 't10k', test)]);
}

function write(folder: string, prefix: string, count: number): Promise<void[]> {
  const labels = Array.from({ length: count }, (_, i) => i % 10);
  const pixels = labels.flatMap((label, i) =>
    Array.from({ length: 784 }, (_, p) => {
      const near = Math.abs(Math.floor(p / 28) - (2 * label + 4)) < 2;
      return near ? 200 + ((i * 31 + p * 7) % 50) : (i * 17 + p * 13) % 40;
    }),
  );
  return Promise.all([
    writeFile(join(folder, `${prefix}-images-idx3-ubyte`), idxBytes([count, 28, 28], pixels)),
    writeFile(join(folder, `${prefix}-labels-idx1-ubyte`), idxBytes([count], labels)),
  ]);
}
