import { type TeacherStore } from '@tfjs-distill/core';

/** All numbers of a store, by sample id. Takes the store over. */
export async function storedRows(store: TeacherStore, samples: number): Promise<Float32Array> {
  if (store.size !== samples) throw new Error(`Expected ${samples} samples, found ${store.size}.`);
  const { logits } = await store.rows(Int32Array.from({ length: samples }, (_, i) => i));
  const values = (await logits.data<'float32'>()).slice();
  logits.dispose();
  store.dispose();
  return values;
}
