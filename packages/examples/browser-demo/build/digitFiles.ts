import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Tensor } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import {
  createTeacherStore,
  modelFingerprint,
  openDataset,
  type Samples,
  sampleTensors,
} from '@tfjs-distill/node';

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
  await writeFile(join(folder, 'digits.json'), `${JSON.stringify(counts)}\n`);
  const header = { classes: 10, teacher: await modelFingerprint(teacher), dataset: fingerprint };
  const store = await createTeacherStore(join(folder, 'logits'), header);
  const rows = Int32Array.from({ length: counts.train }, (_, i) => i);
  await store.append({ ids: rows, logits: await logitsOf(teacher, train, rows) });
  await store.close();
}

async function logitsOf(teacher: LayersModel, samples: Samples, rows: Int32Array): Promise<Float32Array> {
  const { x, y } = sampleTensors(samples, rows);
  const logits = teacher.predict(x, { batchSize: 128 }) as Tensor;
  const values = (await logits.data()) as Float32Array;
  for (const tensor of [x, y, logits]) tensor.dispose();
  return values;
}
