import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type LabelledImages, type TeacherLogits } from '@tfjs-distill/node';
import { imageTensors } from './batches.js';
import { startBar } from './progressBar.js';

/** Large enough to keep an engine busy, small enough for its memory. */
const BATCH = 500;

/** What a model says of images, in inference mode. */
export async function logitsOf(
  model: LayersModel,
  set: LabelledImages,
  ids: Int32Array,
  name: string,
): Promise<TeacherLogits> {
  const classes = model.outputs[0]?.shape.at(-1) ?? 0;
  const logits = new Float32Array(ids.length * classes);
  const bar = startBar(name, ids.length, 'images');
  const began = performance.now();
  try {
    for (let at = 0; at < ids.length; at += BATCH) {
      const output = tidy(() => model.predict(imageTensors(set, ids.subarray(at, at + BATCH)).x) as Tensor);
      logits.set(await output.data<'float32'>(), at * classes);
      output.dispose();
      const done = Math.min(at + BATCH, ids.length);
      bar.update(done, { rate: Math.round((1000 * done) / (performance.now() - began)) });
    }
  } finally {
    bar.stop();
  }
  return { ids, logits, classes };
}

/** Class of the highest logit of each row. */
export function predictions({ logits, classes }: TeacherLogits): Int32Array {
  return Int32Array.from({ length: logits.length / classes }, (_, row) => {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(Math.max(...scores));
  });
}

/** Part of the places at which two lists agree. */
export function agreement(a: Int32Array, b: Int32Array): number {
  return a.filter((value, i) => value === b[i]).length / a.length;
}
