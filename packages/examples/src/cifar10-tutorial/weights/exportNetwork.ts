import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { slice, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { fileSystem } from '@tfjs-distill/node';

/** How many images the other side compares on. */
const IMAGES = 8;

/**
 * Writes a network as a LayersModel, and beside it what it answers to some images: `example.bin`, float32, the images
 * `[8, 32, 32, 3]` and then their logits `[8, 10]`. `to_pytorch.py` reads both.
 *
 * @param folder Made if it is missing.
 * @param images `[n, 32, 32, 3]` as the network takes them; the first 8 are taken, or all if there are fewer.
 */
export async function exportNetwork(model: LayersModel, folder: string, images: Tensor): Promise<void> {
  await model.save(fileSystem(folder));
  await mkdir(folder, { recursive: true });
  const count = Math.min(IMAGES, images.shape[0] ?? 0);
  const { x, logits } = tidy(() => {
    const taken = slice(images, 0, count);
    return { x: taken, logits: model.predict(taken) as Tensor };
  });
  const values = await Promise.all([x.data<'float32'>(), logits.data<'float32'>()]);
  x.dispose();
  logits.dispose();
  const bytes = values.map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  await writeFile(join(folder, 'example.bin'), Buffer.concat(bytes));
}
