import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';

const WARM_UP = 5;
const TIMES = 31;

/** Milliseconds from one image to its logits in JavaScript; the median of 31. */
export async function msPerImage(model: LayersModel): Promise<number> {
  const image = zeros([1, 28, 28, 1]);
  const times: number[] = [];
  for (let i = 0; i < WARM_UP + TIMES; i++) {
    const began = performance.now();
    const logits = tidy(() => model.predict(image) as Tensor);
    await logits.data(); // without it a GPU would only have queued the work
    times.push(performance.now() - began);
    logits.dispose();
  }
  image.dispose();
  return times.slice(WARM_UP).sort((a, b) => a - b)[(TIMES - 1) / 2] ?? NaN;
}

/** Bytes of all files of a folder. */
export async function bytesOf(dir: string): Promise<number> {
  const files = await Promise.all((await readdir(dir)).map((name) => stat(join(dir, name))));
  return files.reduce((sum, { size }) => sum + size, 0);
}
