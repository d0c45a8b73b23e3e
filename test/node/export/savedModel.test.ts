import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { dispose, randomNormal, randomUniform, type Tensor } from '@tensorflow/tfjs-core';
import { input, layers, type LayersModel, model, sequential } from '@tensorflow/tfjs-layers';
import { attachExits } from '@tfjs-distill/core';
import { exportStudent, savedModelTeacher } from '@tfjs-distill/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeBatch, growing } from '../../../packages/node/src/export/savedModel/freeBatch.js';
import { type Constant, type Trace } from '../../../packages/node/src/compiled/Trace.js';
import { openStudent } from '../../../packages/node/src/run/openStudent.js';
import { STUDENT_NAMES } from '../../../packages/node/src/run/students/index.js';
import { mlp } from '../../fixtures/models.js';
import { farthest, NATIVE } from '../compiled/rig.js';

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(path.join(os.tmpdir(), 'distill-saved-model-'))));
afterEach(() => rm(dir, { recursive: true }));

/** The exported model's answer to a batch, and the student's. */
async function distance(student: LayersModel, x: Tensor): Promise<number> {
  const written = await savedModelTeacher(dir);
  const { logits } = await written.outputs({ x });
  const own = student.predict(x) as Tensor;
  const found = farthest([...(await own.data())], [...(await logits.data())]);
  expect(logits.shape).toEqual(own.shape);
  dispose([logits, own]);
  written.dispose?.();
  return found;
}

const IMAGE_MODELS: Readonly<Record<string, () => LayersModel>> = {
  'convolutions and normalization': () =>
    sequential({
      layers: [
        layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 3], padding: 'same' }),
        layers.batchNormalization(),
        layers.leakyReLU(),
        layers.depthwiseConv2d({ kernelSize: 3 }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.dropout({ rate: 0.5 }),
        layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 2 }),
        layers.upSampling2d({ size: [2, 2] }),
        layers.zeroPadding2d({ padding: 1 }),
        layers.globalAveragePooling2d({}),
        layers.layerNormalization(),
        layers.dense({ units: 3, activation: 'softmax' }),
      ],
    }),
  recurrence: () =>
    sequential({
      layers: [
        layers.reshape({ inputShape: [8, 8, 3], targetShape: [8, 24] }),
        layers.lstm({ units: 4, returnSequences: true, recurrentInitializer: 'glorotUniform' }),
        layers.gru({ units: 3, recurrentInitializer: 'glorotUniform' }),
        layers.dense({ units: 2 }),
      ],
    }),
  branches: () => {
    const x = input({ shape: [8, 8, 3] });
    const parts = [1, 3].map((kernelSize) =>
      layers.conv2d({ filters: 2, kernelSize, padding: 'same' }).apply(x),
    );
    const joined = layers.concatenate().apply(parts as never);
    const y = layers.dense({ units: 4 }).apply(layers.flatten().apply(joined));
    return model({ inputs: x, outputs: y as never });
  },
};

describe.runIf(NATIVE)('exportStudent as a SavedModel (native TensorFlow alone: skipped elsewhere)', () => {
  it.each(STUDENT_NAMES)('gives the outputs of %s for every size of batch', async (name) => {
    const student = await openStudent(name, { inputShape: [12, 12, 3], classes: 4, seed: 5 });
    const { comparison, format } = await exportStudent(student, dir, { format: 'saved-model' });
    expect((await readdir(dir)).sort()).toEqual(['README.md', 'saved_model.pb']);
    expect({ format, samples: comparison.samples }).toEqual({ format: 'saved-model', samples: 16 });
    for (const batch of [1, 5]) {
      const x = randomNormal([batch, 12, 12, 3]);
      expect(await distance(student, x)).toBeLessThan(1e-5);
      x.dispose();
    }
    student.dispose();
  });

  it.each(Object.keys(IMAGE_MODELS))('writes %s', async (name) => {
    const student = IMAGE_MODELS[name]!();
    await exportStudent(student, dir, { format: 'saved-model' });
    const x = randomNormal([2, 8, 8, 3]);
    expect(await distance(student, x)).toBeLessThan(1e-5);
    dispose([x]);
    student.dispose();
  });

  it('writes look-ups of whole numbers', async () => {
    const student = sequential({
      layers: [
        layers.embedding({ inputDim: 10, outputDim: 4, inputLength: 6 }),
        layers.flatten(),
        layers.dense({ units: 3 }),
      ],
    });
    const sample = randomUniform([4, 6], 0, 10, 'int32');
    await exportStudent(student, dir, { format: 'saved-model', sample });
    expect(await distance(student, sample)).toBeLessThan(1e-5);
    sample.dispose();
    student.dispose();
  });

  it('calls inputs and outputs as the model does, exits too, and leaves the batch free', async () => {
    const student = attachExits(mlp(5, 1), [{ after: 'hidden', head: (x) => layers.dense({ units: 3, name: 'shallow' }).apply(x) as never }]); // prettier-ignore
    await exportStudent(student, dir, { format: 'saved-model', exits: true });
    const written = await savedModelTeacher(dir, { logits: 'logits' });
    expect(written.signature).toEqual({
      inputs: [[null, 4]],
      output: [null, 3],
      features: { exit_hidden: [null, 3] },
    });
    written.dispose?.();
    const card = await readFile(path.join(dir, 'README.md'), 'utf8');
    expect(card).toContain(`serve(**{'${student.inputNames[0]}': x})['logits']`);
    student.dispose();
  });

  it('refuses quantized weights', async () => {
    const student = mlp(5, 1);
    await expect(exportStudent(student, dir, { format: 'saved-model', quantize: 'uint8' })).rejects.toThrow(
      /Expected `quantize` to be left out for a SavedModel, got "uint8"/,
    );
    expect(await readdir(dir)).toEqual([]);
    student.dispose();
  });
});

describe('exportStudent', () => {
  it.skipIf(NATIVE)('writes no SavedModel on an engine that is not native, and says which does', async () => {
    const student = mlp(5, 1);
    await expect(exportStudent(student, dir, { format: 'saved-model' })).rejects.toThrow(
      /^exportStudent: A SavedModel is written by the native TensorFlow engine, and this one is (cpu|wasm)\. Type `npx distill engine install`/,
    );
    expect(await readdir(dir)).toEqual([]);
    student.dispose();
  });

  it('offers the nearest known format', async () => {
    const student = mlp(5, 1);
    await expect(exportStudent(student, dir, { format: 'saved-modle' as never })).rejects.toThrow(
      /Unknown format "saved-modle"\. Did you mean "saved-model"\?/,
    );
    student.dispose();
  });
});

/** A pass of a batch: its input reshaped, as far as these tests need one. */
function pass(batch: number, values: readonly number[], constant: Partial<Constant> = {}): Trace {
  return {
    inputs: [{ key: 'x 0', layout: { shape: [batch, 4], dtype: 1 } }],
    constants: [{ shape: [values.length], dtype: 3, values: Int32Array.from(values), ...constant }],
    ops: [
      {
        name: 'Reshape',
        attrs: [],
        inputs: [
          { kind: 'input', index: 0, output: 0 },
          { kind: 'constant', index: 0, output: 0 },
        ],
        outputs: [{ shape: [...values], dtype: 1 }],
      },
    ],
    survivors: [{ kind: 'op', index: 0, output: 0 }],
  };
}

describe('freeBatch', () => {
  it('tells what grows with the batch from what stays', () => {
    expect(growing([3, 4, 12], [7, 4, 28], [3, 7])).toEqual([{ perBatch: 1 }, { fixed: 4 }, { perBatch: 4 }]);
    expect(growing([4], [8], [3, 7])).toBeUndefined();
    expect(growing([4], [9], [3, 7])).toBeUndefined();
    expect(growing([3], [7, 1], [3, 7])).toBeUndefined();
  });

  it('leaves sizes free that follow the batch', () => {
    const free = freeBatch(pass(3, [3, 2, 2]), pass(7, [7, 2, 2]), [3, 7]);
    if (typeof free === 'string') throw new Error(free);
    expect(free.trace.inputs[0]?.layout.shape).toEqual([-1, 4]);
    expect(free.trace.ops[0]?.outputs[0]?.shape).toEqual([-1, 2, 2]);
    const nodes = free.drawn.get(0)!('constant0');
    expect(nodes.map(({ op }) => op)).toEqual(['Const', 'Mul', 'Const', 'Const', 'Pack']);
    expect(nodes.at(-1)?.name).toBe('constant0');
  });

  it('fills tensors of one number', () => {
    const zeros = (batch: number) => ({ shape: [batch, 2], dtype: 1, values: new Float32Array(2 * batch) });
    const free = freeBatch(pass(3, [4], zeros(3)), pass(7, [4], zeros(7)), [3, 7]);
    if (typeof free === 'string') throw new Error(free);
    expect(free.drawn.get(0)!('c').at(-1)).toMatchObject({ name: 'c', op: 'Fill' });
  });

  it.each([
    ['numbers that hang on the batch otherwise', pass(7, [8, 2, 2])],
    ['other operations', { ...pass(7, [7, 2, 2]), ops: [] }],
    ['another operation', { ...pass(7, [7, 2, 2]), ops: [{ ...pass(7, [7, 2, 2]).ops[0]!, name: 'Tile' }] }],
    ['other outputs', { ...pass(7, [7, 2, 2]), survivors: [] }],
    ['other numbers', pass(7, [3, 2, 2], { dtype: 1, values: Float32Array.of(1, 2, 3) })],
  ])('gives the reason for %s', (_, other) => {
    expect(freeBatch(pass(3, [3, 2, 2]), other, [3, 7])).toMatch(/batch/);
  });
});
