import { randomNormal, type Rank, softmax, type Tensor } from '@tensorflow/tfjs-core';
import { onnxTeacher, openTeacher } from '@tfjs-distill/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture, reference } from '../../fixtures/teachers/referenceModel.js';
import { onnxMissing, onnxProject } from './onnxProject.js';

const missing = await onnxMissing();

const samples = (count: number) => randomNormal<Rank.R2>([count, 4], 0, 1, 'float32', 3);

describe.skipIf(missing)(`a teacher of an ONNX file${missing ? ` (${missing})` : ''}`, () => {
  const home = process.cwd();
  beforeAll(() => process.chdir(onnxProject));
  afterAll(() => process.chdir(home));

  it('answers as the model does, its other output a feature', async () => {
    const teacher = await onnxTeacher(fixture('network.onnx'));
    const x = samples(9);
    const { logits, features } = await teacher.outputs({ x }, ['hidden']);
    const wanted = reference(x);
    expect(await furthest(logits, wanted.logits)).toBeLessThan(1e-5);
    expect(await furthest(features['hidden']!, wanted.hidden)).toBeLessThan(1e-5);
    teacher.dispose?.();
  });

  it('tells shapes and outputs as the file does', async () => {
    const teacher = await onnxTeacher(fixture('network.onnx'));
    expect(teacher.signature).toEqual({
      inputs: [[null, 4]],
      output: [null, 3],
      features: { hidden: [null, 5] },
    });
    teacher.dispose?.();
  });

  it('asks a model of a fixed batch piece by piece', async () => {
    const teacher = await onnxTeacher(fixture('fixedBatch.onnx'));
    for (const count of [1, 3, 4, 5, 11]) {
      const x = samples(count);
      const { logits } = await teacher.outputs({ x });
      expect(await furthest(logits, reference(x).logits)).toBeLessThan(1e-5);
    }
    teacher.dispose?.();
  });

  it('finds out that a model gives probabilities', async () => {
    const teacher = await openTeacher({ model: fixture('probabilities.onnx'), logits: 'probabilities' });
    const x = samples(5);
    const { logits } = await teacher.outputs({ x });
    expect(await furthest(softmax(logits), softmax(reference(x).logits))).toBeLessThan(1e-6);
    teacher.dispose?.();
  });

  it('says which outputs there are', async () => {
    await expect(onnxTeacher(fixture('probabilities.onnx'))).rejects.toThrow(
      /`logits` to be the name of an output: probabilities, hidden/,
    );
    await expect(onnxTeacher(fixture('network.onnx'), { logits: 'logit' })).rejects.toThrow(
      /Did you mean "logits"/,
    );
  });

  it('says that a file is no model', async () => {
    await expect(onnxTeacher(fixture('make.py'))).rejects.toThrow(
      /make\.py cannot be opened: .*no ONNX model/s,
    );
    await expect(onnxTeacher('absent.onnx')).rejects.toThrow(/absent\.onnx cannot be read/);
  });

  it('has another fingerprint for another file or conversion', async () => {
    const specs = [
      { model: fixture('network.onnx') },
      { model: fixture('fixedBatch.onnx') },
      { model: fixture('network.onnx'), classes: [0, 2, 1] },
    ];
    const teachers = await Promise.all(specs.map((spec) => openTeacher(spec)));
    expect(new Set(teachers.map(({ fingerprint }) => fingerprint)).size).toBe(3);
    teachers.forEach((teacher) => teacher.dispose?.());
  });
});

async function furthest(a: Tensor, b: Tensor): Promise<number> {
  const [first, second] = [[...(await a.data())], await b.data()];
  expect(a.shape).toEqual(b.shape);
  return first.reduce((most, value, i) => Math.max(most, Math.abs(value - second[i]!)), 0);
}
