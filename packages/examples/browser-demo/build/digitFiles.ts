import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type StoreHeader, storeHeader } from '@tfjs-distill/core';
import { modelFingerprint, openDataset, type Samples, sampleTensors } from '@tfjs-distill/node';

export interface DigitCounts {
  readonly train: number;
  readonly test: number;
}

/** Writes the page's data: MNIST digits as bytes, and the teacher's logits of those to train on. */
export async function writeDigitFiles(
  folder: string,
  teacher: LayersModel,
  counts: DigitCounts,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { train, test, fingerprint } = await openDataset('mnist');
  for (const [name, samples] of Object.entries({ train, test })) {
    const count = counts[name as keyof DigitCounts];
    await writeFile(
      join(folder, `${name}.images`),
      (samples.values as Uint8Array).subarray(0, count * 28 * 28),
    );
    await writeFile(join(folder, `${name}.labels`), Uint8Array.from(samples.labels.subarray(0, count)));
  }
  const logits = await logitsOf(teacher, train, counts.train);
  await writeFile(join(folder, 'train.logits'), new Uint8Array(logits.buffer));
  const header: StoreHeader = storeHeader({
    classes: 10,
    teacher: await modelFingerprint(teacher),
    dataset: fingerprint,
  });
  await writeFile(join(folder, 'digits.json'), `${JSON.stringify({ ...counts, header })}\n`);
}

async function logitsOf(teacher: LayersModel, samples: Samples, count: number): Promise<Float32Array> {
  const rows = Int32Array.from({ length: count }, (_, i) => i);
  const { x, y } = sampleTensors(samples, rows);
  const logits = teacher.predict(x, { batchSize: 128 }) as Tensor;
  const values = (await logits.data()) as Float32Array;
  for (const tensor of [x, y, logits]) tensor.dispose();
  return values;
}
