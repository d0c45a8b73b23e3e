import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import { type LayersModel } from '@tensorflow/tfjs-layers';
import { type TeacherRows } from '@tfjs-distill/core';
import { type Samples, sampleTensors } from '@tfjs-distill/node';
import { countingBar } from '../example/countingBar.js';

/** Large enough to keep an engine busy, small enough for its memory. */
const BATCH = 500;

/** What a model says of some images. */
export interface Logits {
  /** Unscaled, row-major `[images, classes]`. */
  readonly logits: Float32Array;
  readonly classes: number;
}

/** What a model says of images, in inference mode, block by block; an image's id is its position. */
export async function* answers(
  model: LayersModel,
  set: Samples,
  rows: Int32Array,
  name: string,
): AsyncGenerator<TeacherRows> {
  const bar = countingBar(name, rows.length, 'images');
  try {
    for (let at = 0; at < rows.length; at += BATCH) {
      const block = rows.subarray(at, at + BATCH);
      const output = tidy(() => model.predict(sampleTensors(set, block).x) as Tensor);
      const logits = await output.data<'float32'>();
      output.dispose();
      bar.update(at + block.length);
      yield { ids: block, logits };
    }
  } finally {
    bar.stop();
  }
}

/** What a model says of images, all at once. */
export async function logitsOf(
  model: LayersModel,
  set: Samples,
  rows: Int32Array,
  name: string,
): Promise<Logits> {
  const classes = model.outputs[0]?.shape.at(-1) ?? 0;
  const all = new Float32Array(rows.length * classes);
  let at = 0;
  for await (const { logits } of answers(model, set, rows, name)) {
    all.set(logits, at);
    at += logits.length;
  }
  return { logits: all, classes };
}

/** Class of the highest logit of each row. */
export function predictions({ logits, classes }: Logits): Int32Array {
  return Int32Array.from({ length: logits.length / classes }, (_, row) => {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(Math.max(...scores));
  });
}

/** Part of the places at which two lists agree. */
export function agreement(a: Int32Array, b: Int32Array): number {
  return a.filter((value, i) => value === b[i]).length / a.length;
}
