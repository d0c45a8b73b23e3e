import { dispose, gather, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { outputTensors, type TeacherOutputs } from '../TeacherSource.js';
import { IdIndex } from './IdIndex.js';
import { assertTaps } from './StoreHeader.js';
import { type TeacherStore } from './TeacherStore.js';

/**
 * Moves rows of a store to where the engine computes, one tensor for all samples: a step's rows are then
 * one gather. For graphics cards and stores that fit their memory: a top-k store is held dense.
 *
 * @param store Stays yours; may be disposed once this has resolved.
 * @param ids The samples to hold.
 * @param taps The features to hold.
 * @returns Store of these samples alone, which owns its tensors.
 * @throws DistillError as `store.rows`.
 * @example
 * const fast = await deviceTeacherStore(store, ids);
 * fast.rows(Int32Array.of(7, 3)); // logits [2, classes], gathered on the device
 */
export async function deviceTeacherStore(
  store: TeacherStore,
  ids: Int32Array,
  taps: readonly string[] = [],
): Promise<TeacherStore> {
  const index = new IdIndex([ids]);
  const all = await store.rows(ids, taps);
  return {
    header: store.header,
    size: index.size,
    has: (wanted) => !index.rowsOf(wanted).includes(-1),
    rows: (wanted, tapped = []) => gathered(all, index.expectRows(wanted), tapped),
    dispose: () => dispose(outputTensors(all)),
  };
}

function gathered(all: TeacherOutputs, rows: Int32Array, taps: readonly string[]): TeacherOutputs {
  assertTaps(taps, all.features);
  const places = tensor1d(rows, 'int32');
  const pick = (part: Tensor) => gather(part, places);
  const { logits, features, top } = all;
  const result = {
    logits: pick(logits),
    features: Object.fromEntries(taps.map((tap) => [tap, pick(features[tap] as Tensor)])),
    ...(top && { top: { ...top, indices: pick(top.indices), logProbs: pick(top.logProbs) } }),
  };
  places.dispose();
  return result;
}
