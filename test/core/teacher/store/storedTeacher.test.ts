import { dispose, type Tensor, tensor1d, zeros } from '@tensorflow/tfjs-core';
import {
  type Batch,
  memoryTeacherStore,
  prepareCompression,
  storedTeacher,
  type StoreHeaderInput,
  type TeacherLike,
  type TeacherStore,
} from '@tfjs-distill/core';
import { knowledgeDistillation, topKKl } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { CLASSES, mlp, problem } from '../../../fixtures/models.js';

const header: StoreHeaderInput = { teacher: 'aa11', dataset: 'bb22', classes: 2 };
const ids = Int32Array.of(7, 9);
const storeOf = (augmentation: string, first: number): TeacherStore =>
  memoryTeacherStore({ ...header, augmentation }, { ids, logits: Float32Array.of(first, 0, 0, first) });
const batch = (view?: string): Batch => ({ x: tensor1d([1]), ids: Int32Array.of(9), ...(view && { view }) });
const SHIFTED = 'affine-bilinear-1 shift=2 seed=1';

describe('storedTeacher', () => {
  it('gives the outputs of the view that a batch holds', async () => {
    const teacher = storedTeacher([storeOf('none', 1), storeOf(SHIFTED, 2)]);
    expect(await (await teacher.outputs(batch())).logits.array()).toEqual([[0, 1]]);
    expect(await (await teacher.outputs(batch('none'))).logits.array()).toEqual([[0, 1]]);
    expect(await (await teacher.outputs(batch(SHIFTED))).logits.array()).toEqual([[0, 2]]);
  });

  it('refuses another view, and takes it where it was told to ignore augmentation', async () => {
    expect(() => storedTeacher(storeOf('none', 1)).outputs(batch(SHIFTED))).toThrow(
      `storedTeacher: Expected samples in the view that the teacher saw ("none"), got "${SHIFTED}". Label this view too`,
    );
    const careless = storedTeacher(storeOf('none', 1), { augmentation: 'ignore' });
    expect(await (await careless.outputs(batch(SHIFTED))).logits.array()).toEqual([[0, 1]]);
  });

  it('refuses batches without ids, samples and features that are not stored', () => {
    const teacher = storedTeacher(storeOf('none', 1));
    expect(() => teacher.outputs({ x: zeros([1]) })).toThrow('Expected `batch.ids` to be one id per sample');
    expect(() => teacher.outputs({ x: zeros([1]), ids: Int32Array.of(8) })).toThrow(
      'for sample 8, found none',
    );
    expect(() => teacher.outputs(batch(), ['conv'])).toThrow('Unknown stored feature "conv"');
  });

  it('refuses stores of different teachers', () => {
    const other = memoryTeacherStore({ ...header, teacher: 'cc' }, { ids, logits: new Float32Array(4) });
    expect(() => storedTeacher([storeOf('none', 1), other])).toThrow('Expected stores of one teacher');
    expect(() => storedTeacher([])).toThrow('Expected `stores` to be at least one store');
  });

  it('says its classes, so that a student with others is refused before training', () => {
    const student = mlp(4, 1);
    const teacher = storedTeacher(storeOf('none', 1));
    expect(() => prepareCompression(student, { teacher, criterion: knowledgeDistillation() })).toThrow(
      /as many classes/,
    );
    student.dispose();
  });
});

describe('training from a store', () => {
  const data = problem(40);
  const all = Int32Array.from({ length: 40 }, (_, i) => i);

  async function trained(teacher: TeacherLike, criterion = knowledgeDistillation({ temperature: 2 })) {
    const student = mlp(8, 1);
    const manager = prepareCompression(student, { teacher, criterion });
    try {
      const { epochs } = await manager.fit(data, { epochs: 3, batchSize: 7, seed: 1 });
      const weights = await Promise.all(student.getWeights().map((weight) => weight.data()));
      return { weights, losses: epochs.map(({ loss }) => loss) };
    } finally {
      manager.dispose();
      student.dispose();
    }
  }

  it('moves the weights exactly as training from the live teacher does', async () => {
    const model = mlp(16, 3);
    const said = model.predict(data.x) as Tensor;
    const logits = await said.data<'float32'>();
    const store = memoryTeacherStore({ ...header, classes: CLASSES }, { ids: all, logits });
    const [live, stored] = [await trained(model), await trained(storedTeacher(store))];
    expect(stored.losses).toEqual(live.losses);
    expect(stored.weights).toEqual(live.weights);
    dispose(said);
    model.dispose();
  });

  it('hands the top-k criterion what is stored, and refuses it at another temperature', async () => {
    const logits = Float32Array.from({ length: 40 * CLASSES }, (_, i) => Math.sin(i * i) * 4);
    const top = { ...header, classes: CLASSES, kind: 'topK', k: 2, temperature: 2 } as const;
    const teacher = storedTeacher(memoryTeacherStore(top, { ids: all, logits }));
    const { losses } = await trained(teacher, topKKl({ k: 2, temperature: 2 }));
    expect(losses[2]).toBeLessThan(losses[0] ?? 0);
    await expect(trained(teacher, topKKl({ k: 2, temperature: 3 }))).rejects.toThrow(
      /Expected `temperature` to be 2, that of the stored outputs, got 3/,
    );
  });
});
