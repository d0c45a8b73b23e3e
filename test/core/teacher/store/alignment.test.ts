import { dispose, tensor1d, tensor2d, type Tensor } from '@tensorflow/tfjs-core';
import {
  type Batch,
  batchSource,
  deviceTeacherStore,
  memoryTeacherStore,
  outputTensors,
  rememberingTeacher,
  storedTeacher,
  takeSamples,
  type TeacherSource,
} from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';

const SAMPLES = 23;
/** Sample i has the input i + 0.5 and the logits [i, −i], so that a row says whose it is. */
const x = () => tensor1d(Array.from({ length: SAMPLES }, (_, i) => i + 0.5));
const ids = Int32Array.from({ length: SAMPLES }, (_, i) => 100 - 3 * i);
const logitsOf = (input: number) => [input - 0.5, 0.5 - input];
const header = { teacher: 't', dataset: 'd', classes: 2 };
const rows = { ids, logits: Float32Array.from(Array.from(ids, (_, i) => logitsOf(i + 0.5)).flat()) };

/** Seed 001: outputs kept in the order of the batches, and given out in that order again. */
function byBatchPosition(): TeacherSource {
  const cache: Tensor[] = [];
  let next = 0;
  return {
    name: 'by batch position',
    signature: {},
    outputs: async (batch) => {
      const place = next++ % Math.ceil(SAMPLES / 5);
      cache[place] ??= tensor2d(Array.from(await (batch.x as Tensor).data()).map(logitsOf));
      return { logits: cache[place].clone(), features: {} };
    },
    dispose: () => dispose(cache),
  };
}

/** Number of samples over three shuffled epochs whose row is another sample's. */
async function misplaced(teacher: TeacherSource): Promise<number> {
  let wrong = 0;
  const all = x();
  const source = batchSource({ x: all, ids }, { batchSize: 5, shuffle: true, seed: 3 });
  for (let epoch = 0; epoch < 3; epoch++) {
    for await (const { batch, free } of source.epoch(epoch)) {
      teacher.prefetch?.(batch);
      wrong += await wrongRows(teacher, batch);
      free();
    }
  }
  const subset = takeSamples({ x: all, ids }, Int32Array.of(4, 4, 22, 0, 4, 9, 22)); // repeated ids, a part of the set
  wrong += await wrongRows(teacher, subset);
  dispose([all, subset.x as Tensor]);
  return wrong;
}

async function wrongRows(teacher: TeacherSource, batch: Batch): Promise<number> {
  const outputs = await teacher.outputs(batch);
  const [found, inputs] = await Promise.all([outputs.logits.data(), (batch.x as Tensor).data()]);
  dispose(outputTensors(outputs));
  const right = Array.from(inputs).flatMap(logitsOf);
  const samples = Array.from(inputs.keys());
  return samples.filter((i) => found[2 * i] !== right[2 * i] || found[2 * i + 1] !== right[2 * i + 1]).length;
}

describe('rows belong to their samples over shuffled epochs, partial batches, repeated ids and subsets', () => {
  it('in a store in memory', async () => {
    expect(await misplaced(storedTeacher(memoryTeacherStore(header, rows)))).toBe(0);
  });

  it('in a store on the device', async () => {
    const store = await deviceTeacherStore(memoryTeacherStore(header, rows), ids);
    expect(await misplaced(storedTeacher(store))).toBe(0);
    store.dispose();
  });

  it.each([
    ['all', 1e6],
    ['a part', 2500],
    ['nothing', 0],
  ])('in a teacher that remembers %s', async (_, bytes) => {
    const teacher = rememberingTeacher({ name: 'live', signature: {}, outputs: answersLive }, { bytes });
    expect(await misplaced(teacher)).toBe(0);
    teacher.dispose?.();
  });

  it('and a cache by batch position, as seed 001 has, fails this very test', async () => {
    const teacher = byBatchPosition();
    expect(await misplaced(teacher)).toBeGreaterThan(SAMPLES);
    teacher.dispose?.();
  });
});

async function answersLive(batch: Batch) {
  const inputs = await (batch.x as Tensor).data();
  return { logits: tensor2d(Array.from(inputs).map(logitsOf)), features: {} };
}
