import { dispose, mul, tensor1d, tensor2d, type Tensor } from '@tensorflow/tfjs-core';
import { outputTensors, rememberingTeacher, type Batch, type TeacherSource } from '@tfjs-distill/core';
import { describe, expect, it } from 'vitest';

/** Counts the samples that it was shown; logits are [x, −x] times the view's length. */
function counting(): TeacherSource & { shown: number; announced: number; disposed: boolean } {
  const teacher = {
    name: 'counting',
    signature: {},
    shown: 0,
    announced: 0,
    disposed: false,
    prefetch: () => void teacher.announced++,
    dispose: () => void (teacher.disposed = true),
    outputs: async ({ x, view = '' }: Batch, taps: readonly string[] = []) => {
      const values = Array.from(await (x as Tensor).data());
      teacher.shown += values.length;
      const logits = tensor2d(values.map((v) => [v * (1 + view.length), -v]));
      return { logits, features: Object.fromEntries(taps.map((tap) => [tap, mul(logits, 2)])) };
    },
  };
  return teacher;
}

const batchOf = (ids: number[], view?: string): Batch => ({
  x: tensor1d(ids.map((id) => id * 10)),
  ids: Int32Array.from(ids),
  ...(view !== undefined && { view }),
});

async function logits(teacher: TeacherSource, batch: Batch): Promise<number[]> {
  const outputs = await teacher.outputs(batch);
  const values = Array.from(await outputs.logits.data());
  dispose(outputTensors(outputs));
  return values;
}

describe('rememberingTeacher', () => {
  it('asks the teacher once for each sample, of a half-known batch for the other half', async () => {
    const live = counting();
    const teacher = rememberingTeacher(live);
    await logits(teacher, batchOf([1, 2, 3]));
    expect(await logits(teacher, batchOf([3, 4, 1, 4]))).toEqual([30, -30, 40, -40, 10, -10, 40, -40]);
    expect(await logits(teacher, batchOf([4, 2]))).toEqual([40, -40, 20, -20]);
    expect(live.shown).toBe(4);
  });

  it('keeps views apart', async () => {
    const live = counting();
    const teacher = rememberingTeacher(live);
    expect(await logits(teacher, batchOf([1]))).toEqual([10, -10]);
    expect(await logits(teacher, batchOf([1], 'ab'))).toEqual([30, -10]);
    expect(await logits(teacher, batchOf([1]))).toEqual([10, -10]);
    expect(live.shown).toBe(2);
  });

  it('keeps features, of the taps that it was asked for', async () => {
    const live = counting();
    const teacher = rememberingTeacher(live);
    for (let round = 0; round < 2; round++) {
      const { features } = await teacher.outputs(batchOf([2, 1]), ['conv']);
      expect(await features['conv']?.array()).toEqual([
        [40, -40],
        [20, -20],
      ]);
    }
    expect(live.shown).toBe(2);
    await teacher.outputs(batchOf([2, 1]));
    expect(live.shown).toBe(4);
  });

  it('keeps no more than its budget', async () => {
    const live = counting();
    const teacher = rememberingTeacher(live, { bytes: 2 * (200 + 8) });
    for (let epoch = 0; epoch < 2; epoch++) {
      expect(await logits(teacher, batchOf([1, 2, 3]))).toEqual([10, -10, 20, -20, 30, -30]);
    }
    expect(live.shown).toBe(4);
    expect(() => rememberingTeacher(live, { bytes: -1 })).toThrow(
      'Expected `bytes` to be a number of at least 0',
    );
  });

  it('passes batches without ids on, and shows batches with parts of their own whole', async () => {
    const live = counting();
    const teacher = rememberingTeacher(live);
    for (let i = 0; i < 2; i++) await logits(teacher, { x: tensor1d([10, 20]) });
    expect(live.shown).toBe(4);
    await logits(teacher, batchOf([1]));
    await logits(teacher, { ...batchOf([1, 2]), large: tensor1d([1, 2]) } as Batch);
    expect(live.shown).toBe(7);
  });

  it('announces batches of which nothing is known', async () => {
    const live = counting();
    const teacher = rememberingTeacher(live);
    teacher.prefetch?.(batchOf([1, 2]));
    await logits(teacher, batchOf([1, 2]));
    teacher.prefetch?.(batchOf([2, 3]));
    expect(live.announced).toBe(1);
    teacher.dispose?.();
    expect(live.disposed).toBe(true);
  });

  it('lets the failure of a teacher through and frees what it had taken', async () => {
    let fails = false;
    const live = counting();
    const teacher = rememberingTeacher({
      ...live,
      outputs: (batch) => (fails ? Promise.reject(new Error('server down')) : live.outputs(batch)),
    });
    await logits(teacher, batchOf([1]));
    fails = true;
    await expect(teacher.outputs(batchOf([1, 2]))).rejects.toThrow('server down');
    expect(await logits(teacher, batchOf([1]))).toEqual([10, -10]);
  });
});
