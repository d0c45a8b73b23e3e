import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getBackend, randomNormal, type Rank, type Tensor } from '@tensorflow/tfjs-core';
import { fileSystem, openTeacher, savedModelTeacher } from '@tfjs-distill/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture, reference, referenceLayers } from '../../fixtures/teachers/referenceModel.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'distill-'));
});

afterAll(() => rm(folder, { recursive: true }));

const samples = () => randomNormal<Rank.R2>([6, 4], 0, 1, 'float32', 3);

async function furthest(a: Tensor, b: Tensor): Promise<number> {
  const [first, second] = [[...(await a.data())], await b.data()];
  expect(a.shape).toEqual(b.shape);
  return first.reduce((most, value, i) => Math.max(most, Math.abs(value - second[i]!)), 0);
}

async function write(name: string, text: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, text);
  return file;
}

describe('openTeacher', () => {
  it('opens a TensorFlow.js model, whose layers can be tapped', async () => {
    const model = referenceLayers();
    await model.save(fileSystem(path.join(folder, 'network')));
    model.dispose();
    const teacher = await openTeacher('network', folder);
    const x = samples();
    const { logits, features } = await teacher.outputs({ x }, ['hidden']);
    const wanted = reference(x);
    expect(await furthest(logits, wanted.logits)).toBeLessThan(1e-5);
    expect(await furthest(features['hidden']!, wanted.hidden)).toBeLessThan(1e-5);
    expect(teacher.name).toBe('network');
    teacher.dispose?.();
  });

  it('opens a module of a function, with conversions', async () => {
    const file = await write('teacher.mjs', 'export default async (x) => x.clone ? x.clone() : x;');
    const teacher = await openTeacher({ model: file, classes: [3, 0], outputs: 'logits', name: 'mine' });
    const x = samples();
    const { logits } = await teacher.outputs({ x });
    const rows = await x.array();
    expect(await logits.array()).toEqual(rows.map((row) => [row[3], row[0]]));
    expect(teacher.name).toBe('mine');
  });

  it('has a fingerprint of contents and conversions, not of places', async () => {
    const text = 'export default (x) => x;';
    const [first, copy, other] = [
      await write('a.mjs', text),
      await write('b.mjs', text),
      await write('c.mjs', `${text}//`),
    ];
    const of = async (spec: Parameters<typeof openTeacher>[0]) => (await openTeacher(spec)).fingerprint;
    expect(await of(first)).toBe(await of(copy));
    expect(await of(first)).toBe(await of({ model: first, name: 'another', outputs: 'auto' }));
    expect(await of(first)).not.toBe(await of(other));
    expect(await of(first)).not.toBe(await of({ model: first, preprocess: { scale: 255 } }));
  });

  it.each([
    ['nothing there', 'absent', /There is no teacher at .*absent\. .*SavedModel, an \.onnx file/],
    ['a module that is missing', 'absent.mjs', /absent\.mjs: This file does not exist/],
    [
      'an unknown option',
      { model: 'x', preproces: {} } as never,
      /Unknown option "preproces"\. Did you mean "preprocess"/,
    ],
    ['a layout that is none', { model: 'x', preprocess: { layout: 'NHCW' } } as never, /layout/],
  ])('refuses %s', async (_, spec, message) => {
    await expect(openTeacher(spec, folder)).rejects.toThrow(message);
  });

  it('names the package that ONNX needs, and what to type', async () => {
    const asked = openTeacher(fixture('network.onnx'));
    await expect(asked).rejects.toThrow(
      /ONNX models need the package onnxruntime-node, which is not installed\. Type `npm install --ignore-scripts onnxruntime-node`/,
    );
    await expect(asked).rejects.toMatchObject({ code: 'TEACHER' });
  });

  it('refuses a header whose secret is not in the environment', async () => {
    const spec = {
      model: 'http://localhost:1/v2/models/m',
      headers: { authorization: 'Bearer ${NO_SUCH_TOKEN}' },
    };
    await expect(openTeacher(spec)).rejects.toThrow(/environment variable NO_SUCH_TOKEN, which is not set/);
  });
});

const native = getBackend() === 'tensorflow';

describe.skipIf(!native)(
  `a teacher of a SavedModel${native ? '' : ' (needs TEST_ENGINE=tensorflow)'}`,
  () => {
    it('answers as the model does, its other output a feature', async () => {
      const teacher = await openTeacher(fixture('savedModel'));
      const x = samples();
      const { logits, features } = await teacher.outputs({ x }, ['hidden']);
      const wanted = reference(x);
      expect(await furthest(logits, wanted.logits)).toBeLessThan(1e-5);
      expect(await furthest(features['hidden']!, wanted.hidden)).toBeLessThan(1e-5);
      expect(teacher.signature).toEqual({
        inputs: [[null, 4]],
        output: [null, 3],
        features: { hidden: [null, 5] },
      });
      teacher.dispose?.();
    });

    it('says which outputs and signatures there are', async () => {
      await expect(savedModelTeacher(fixture('savedModel'), { logits: 'logit' })).rejects.toThrow(
        /logits, hidden|hidden, logits/,
      );
      await expect(savedModelTeacher(fixture('savedModel'), { signature: 'serve' })).rejects.toThrow(
        /serving_default/,
      );
      await expect(savedModelTeacher(folder)).rejects.toThrow(/cannot be opened: .*saved_model\.pb/);
    });
  },
);

describe.skipIf(native)('a SavedModel on another engine', () => {
  it('says which engine it needs and how to get it', async () => {
    const asked = openTeacher(fixture('savedModel'));
    await expect(asked).rejects.toThrow(
      /runs on the native TensorFlow engine, and this one is (cpu|wasm)\..*distill engine install/,
    );
    await expect(asked).rejects.toMatchObject({ code: 'ENGINE' });
  });
});
