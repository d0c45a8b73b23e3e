import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { argMax, randomNormal, type Rank, tidy } from '@tensorflow/tfjs-core';
import { fileSystem, type Samples } from '@tfjs-distill/node';
import { reference, referenceLayers } from '../../fixtures/teachers/referenceModel.js';

/** Samples that the fixtures' network is right about. */
export async function labelledSamples(count: number): Promise<Samples> {
  const { x, y } = tidy(() => {
    const inputs = randomNormal<Rank.R2>([count, 4], 0, 1, 'float32', 7);
    return { x: inputs, y: argMax(reference(inputs).logits, -1) };
  });
  const values = (await x.data<'float32'>()).slice();
  const labels = Int32Array.from(await y.data());
  x.dispose();
  y.dispose();
  return { values, shape: [count, 4], labels, ids: Int32Array.from({ length: count }, (_, i) => i) };
}

/** A data module and a saved teacher that fit together, in a folder. */
export async function project(folder: string, count: number): Promise<{ teacher: string; data: string }> {
  const model = referenceLayers();
  const teacher = path.join(folder, 'teacher');
  await model.save(fileSystem(teacher));
  model.dispose();
  const { values, labels } = await labelledSamples(count);
  const split = `{ values: Float32Array.from(${JSON.stringify([...values])}), shape: [${count}, 4], labels: Int32Array.from(${JSON.stringify([...labels])}) }`;
  const data = path.join(folder, 'data.mjs');
  await writeFile(data, `export default { train: ${split}, test: ${split}, classNames: ['a', 'b', 'c'] };\n`);
  return { teacher, data };
}
