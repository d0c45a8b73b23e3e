import {
  clone,
  image,
  type Tensor4D,
  memory,
  ones,
  softmax,
  type Tensor,
  tensor2d,
  tensor4d,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  adaptTeacher,
  asTeacherSource,
  type Batch,
  classColumns,
  liveTeacher,
  prepareCompression,
  preprocess,
  type TeacherFunction,
} from '@tfjs-distill/core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { logitsMse } from '@tfjs-distill/losses';
import { describe, expect, it } from 'vitest';
import { CLASSES, mlp, problem } from '../../fixtures/models.js';

const rowsOf = async (tensor: Tensor) => (await tensor.array()) as number[][];
const x = () => ones([2, 2, 2, 1]);
const teacher = (rows: number[][]) => liveTeacher(() => tensor2d(rows));

describe('preprocess', () => {
  it('scales, then centres and divides by channel, then orders the axes', async () => {
    const pixels = tensor4d([0, 255, 51, 102], [1, 1, 2, 2]);
    const seen = preprocess(pixels, { scale: 1 / 255, mean: [0.2, 0], std: [0.5, 2], layout: 'NCHW' });
    expect(seen.shape).toEqual([1, 2, 1, 2]);
    const wanted = [-0.4, 0, 0.5, 0.2];
    (await seen.data()).forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 6));
  });

  it('takes whole numbers as they come out of an image file', async () => {
    const bytes = tensor4d([0, 255], [1, 1, 1, 2], 'int32');
    expect([...(await preprocess(bytes, { scale: 1 / 255 }).data())]).toEqual([0, 1]);
  });

  it('gives a tensor of its own where nothing changes', () => {
    const given = x();
    preprocess(given, {}).dispose();
    expect(given.isDisposed).toBe(false);
  });

  it('names the channels that a mean does not fit', () => {
    expect(() => preprocess(x(), { mean: [1, 2, 3] })).toThrow(
      /`mean` to be one number or 1, one a channel, got \[1, 2, 3\]/,
    );
  });

  it('refuses to order the axes of what is no image', () => {
    expect(() => preprocess(ones([2, 3]), { layout: 'NCHW' })).toThrow(/four dimensions for layout NCHW/);
  });
});

describe('adaptTeacher', () => {
  it('gives the source itself where nothing is to be converted', () => {
    const source = teacher([[1, 2]]);
    expect(adaptTeacher(source, {})).toBe(source);
  });

  it('puts classes into the order of the student, or takes a part of them', async () => {
    const source = adaptTeacher(teacher([[1, 2, 3]]), { classes: [2, 0] });
    expect(await rowsOf((await source.outputs({ x: x() })).logits)).toEqual([[3, 1]]);
  });

  it('orders classes by their names', () => {
    expect(classColumns({ teacher: ['cat', 'dog', 'eel'], student: ['eel', 'cat'] })).toEqual([2, 0]);
    expect(() => classColumns({ teacher: ['cat', 'dog'], student: ['dgo'] })).toThrow(/Did you mean "dog"/);
  });

  it.each([[[0, 0]], [[-1]], [[0.5]], [[]]])('refuses the classes %j', (classes) => {
    expect(() => adaptTeacher(teacher([[1, 2]]), { classes })).toThrow(/distinct class numbers/);
  });

  it('refuses a class that the teacher lacks, when it is told of it', async () => {
    const source = adaptTeacher(teacher([[1, 2]]), { classes: [0, 2] });
    await expect((async () => source.outputs({ x: x() }))()).rejects.toThrow(
      /`teacher output` \[2\] and `highest class` \[2\]/,
    );
  });

  it.each([
    [
      'probabilities',
      [
        [0.2, 0.8],
        [1, 0],
      ],
    ],
    [
      'auto',
      [
        [0.2, 0.8],
        [1, 0],
      ],
    ],
  ] as const)('turns %s back to logits', async (outputs, rows) => {
    const source = adaptTeacher(teacher(rows.map((row) => [...row])), { outputs });
    const { logits } = await source.outputs({ x: x() });
    (await rowsOf(softmax(logits))).flat().forEach((p, i) => expect(p).toBeCloseTo(rows.flat()[i]!, 6));
  });

  it.each([
    [[[3, -1]]],
    [
      [
        [0.2, 0.8],
        [0.4, 0.8],
      ],
    ],
    [[[0, 0]]],
  ])('leaves logits %j as they are', async (rows) => {
    const source = adaptTeacher(teacher(rows), { outputs: 'auto' });
    expect((await rowsOf((await source.outputs({ x: x() })).logits)).length).toBe(rows.length);
    const { logits } = await source.outputs({ x: x() });
    (await rowsOf(logits)).flat().forEach((z, i) => expect(z).toBeCloseTo(rows.flat()[i]!, 6));
  });

  it('frees the view that it made, and nothing of the batch', async () => {
    const batch = { x: x() };
    const resized = adaptTeacher(teacher([[1, 2]]), {
      input: ({ x: view }) => image.resizeBilinear(view as Tensor4D, [4, 4]),
    });
    const same = adaptTeacher(teacher([[1, 2]]), { input: (batch) => batch.x });
    const before = memory().numTensors;
    for (const source of [resized, same]) (await source.outputs(batch)).logits.dispose();
    expect(memory().numTensors).toBe(before);
    expect(batch.x.isDisposed).toBe(false);
  });

  it('gives the features of a channels-first teacher channels last', async () => {
    const teacherOf: TeacherFunction = (view) => ({
      logits: ones([2, 3]),
      features: { conv: clone(view as Tensor) },
    });
    const shapes = { output: [null, 3], features: { conv: [null, 5, 2, 3] } };
    const source = adaptTeacher(
      { ...liveTeacher(teacherOf), signature: shapes },
      { preprocess: { layout: 'NCHW' } },
    );
    const { features } = await source.outputs({ x: ones([2, 2, 3, 5]) });
    expect(features['conv']?.shape).toEqual([2, 2, 3, 5]);
    expect(source.signature.features).toEqual({ conv: [null, 2, 3, 5] });
  });

  it('refuses an asynchronous view', async () => {
    const source = adaptTeacher(teacher([[1, 2]]), {
      input: (() => Promise.resolve(ones([1]))) as never,
    });
    await expect((async () => source.outputs({ x: x() }))()).rejects.toThrow(
      /`input` to be a function that returns tensors, got "a promise"/,
    );
  });

  it('says what to do about several inputs', async () => {
    const source = adaptTeacher(teacher([[1, 2]]), { preprocess: { scale: 2 } });
    await expect((async () => source.outputs({ x: [x(), x()] }))()).rejects.toThrow(
      /`input: \(batch\) => \[…\]`/,
    );
  });
});

describe('a teacher as { source, … }', () => {
  const soft = () =>
    sequential({ layers: [layers.dense({ units: 3, inputShape: [2], activation: 'softmax' })] });

  it('takes a model that ends in a softmax, told or found out', async () => {
    const model = soft();
    const input = ones([2, 2]);
    const wanted = await rowsOf(model.predict(input) as Tensor);
    for (const outputs of ['probabilities', 'auto'] as const) {
      const { logits } = await asTeacherSource({ source: model, outputs, name: 'soft' }).outputs({
        x: input,
      });
      (await rowsOf(tidy(() => softmax(logits))))
        .flat()
        .forEach((p, i) => expect(p).toBeCloseTo(wanted.flat()[i]!, 5));
    }
    model.dispose();
  });
});

describe('a teacher that is an async function', () => {
  it('may give features beside its logits', async () => {
    const source = liveTeacher(
      async () => {
        await Promise.resolve();
        return { logits: tensor2d([[0.25, 0.75]]), features: { pool: ones([1, 5]) } };
      },
      { outputs: 'probabilities' },
    );
    const { logits, features } = await source.outputs({ x: x() });
    expect((await rowsOf(softmax(logits)))[0]?.[1]).toBeCloseTo(0.75, 6);
    expect(features['pool']?.shape).toEqual([1, 5]);
  });

  it('is refused if it gives no tensor', async () => {
    const source = liveTeacher((async () => Promise.resolve(7)) as never);
    await expect((async () => source.outputs({ x: x() }))()).rejects.toThrow(/a model that returns a tensor/);
  });
});

describe('a batch whose teacher sees something else', () => {
  it('reaches the teacher sample by sample, shuffled, and is freed', async () => {
    const seen: number[][] = [];
    const teacher = liveTeacher(async (given) => {
      const rows = (await (given as Tensor).array()) as number[][];
      seen.push(...rows);
      return ones([rows.length, CLASSES]);
    });
    const student = mlp(4, 1);
    const { x, y } = problem(9);
    const ids = Int32Array.from({ length: 9 }, (_, i) => i);
    const teacherX = tensor2d([...ids].map((id) => [id, -id]));
    const pairs: [number, number][] = [];
    const look = {
      name: 'look',
      onStepBegin: ({ batch }: { batch: Batch }) => void batch.ids?.forEach((id) => pairs.push([id, -id])),
    };
    const manager = prepareCompression(student, { teacher, criterion: logitsMse(), plugins: [look] });
    await manager.fit({ x, teacherX, y, ids }, { batchSize: 4, epochs: 2, shuffle: true });
    expect(seen).toEqual(pairs);
    await manager.fit(() => [{ x: clone(x), teacherX: clone(teacherX), y: clone(y) }]);
    manager.dispose();
    student.dispose();
  });

  it('must have as many samples', async () => {
    const student = mlp(4, 1);
    const manager = prepareCompression(student, { teacher: teacher([[1, 2, 3]]), criterion: logitsMse() });
    const { x, y } = problem(2);
    await expect(manager.trainStep({ x, y, teacherX: ones([3, 4]) })).rejects.toThrow(
      /as many samples, got 2, 3, 2/,
    );
    manager.dispose();
    student.dispose();
  });
});
