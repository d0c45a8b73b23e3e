import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { randomNormal, type Tensor, variable } from '@tensorflow/tfjs-core';
import { layers, type LayersModel, loadLayersModel, sequential } from '@tensorflow/tfjs-layers';
import { attachExits } from '@tfjs-distill/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportStudent } from '../../../packages/node/src/export/exportStudent.js';
import { fileSystem } from '../../../packages/node/src/io/fileSystem.js';
import { mlp } from '../../fixtures/models.js';
import { sampleRecord } from '../report/sampleRecord.js';

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(path.join(os.tmpdir(), 'distill-export-'))));
afterEach(() => rm(dir, { recursive: true }));

async function outputsOf(model: LayersModel, x: Tensor): Promise<number[]> {
  return [...(await (model.predict(x) as Tensor).data())];
}

function convNet(): LayersModel {
  return sequential({
    name: 'conv_net',
    layers: [
      layers.conv2d({ filters: 16, kernelSize: 3, inputShape: [8, 8, 3], name: 'conv' }),
      layers.batchNormalization({}),
      layers.reLU(),
      layers.flatten(),
      layers.dense({ units: 10, name: 'logits' }),
    ],
  });
}

describe('exportStudent', () => {
  it('writes a model that gives the very outputs, and a card', async () => {
    const model = mlp(5, 1);
    const place = path.join(dir, 'new', 'student');
    const report = await exportStudent(model, place);
    expect((await readdir(place)).sort()).toEqual(['README.md', 'model.json', 'weights.bin']);
    expect(report).toMatchObject({ directory: place, quantize: 'none' });
    expect(report.comparison).toMatchObject({ samples: 16, maxDifference: 0, agreement: 1 });
    expect(report.bytes).toBe(
      (await stat(path.join(place, 'model.json'))).size + (await stat(path.join(place, 'weights.bin'))).size,
    );
    const loaded = await loadLayersModel(fileSystem(place));
    const x = randomNormal([3, 4]);
    expect(await outputsOf(loaded, x)).toEqual(await outputsOf(model, x));
    model.dispose();
    loaded.dispose();
  });

  it.each([
    ['float16', 0.5, 0.002],
    ['uint8', 0.25, 0.05],
  ] as const)('stores %s smaller, with outputs nearly the same', async (quantize, share, near) => {
    const model = convNet();
    const x = randomNormal([20, 8, 8, 3]);
    const full = (await exportStudent(model, path.join(dir, 'full'), { sample: x })).bytes;
    const { bytes, comparison } = await exportStudent(model, dir, { quantize, sample: x });
    expect(comparison.samples).toBe(20);
    expect(comparison.maxDifference).toBeGreaterThan(0);
    expect(comparison.relativeDifference).toBeLessThan(near);
    const kernels = 4 * (3 * 3 * 3 * 16 + 36 * 16 * 10);
    expect(full - bytes).toBeGreaterThan(kernels * (1 - share) - 1000);
    const loaded = await loadLayersModel(fileSystem(dir));
    const [a, b] = [await outputsOf(model, x), await outputsOf(loaded, x)];
    const difference = Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? NaN))));
    expect(difference).toBeCloseTo(comparison.maxDifference, 6);
    model.dispose();
    loaded.dispose();
  });

  it('leaves exits out unless asked', async () => {
    const model = attachExits(mlp(5, 1), [{ after: 'hidden', head: (x) => layers.dense({ units: 3, name: 'shallow' }).apply(x) as never }]); // prettier-ignore
    const outputs = async (exits: boolean | string[]) => {
      await exportStudent(model, dir, { exits });
      const loaded = await loadLayersModel(fileSystem(dir));
      const found = [loaded.outputNames, loaded.countParams()];
      loaded.dispose();
      return found;
    };
    expect(await outputs(false)).toEqual([['logits'], 43]);
    expect(await outputs(true)).toEqual([['logits', 'exit_hidden'], 43 + 18]);
    expect(await outputs(['exit_hidden'])).toEqual([['logits', 'exit_hidden'], 43 + 18]);
    await expect(exportStudent(model, dir, { exits: ['exit_hiden'] })).rejects.toThrow(
      'Did you mean "exit_hidden"?',
    );
    model.dispose();
  });

  it('keeps the export before it where the outputs differ too much', async () => {
    const model = convNet();
    await exportStudent(model, dir);
    const before = await readFile(path.join(dir, 'model.json'), 'utf8');
    await expect(exportStudent(model, dir, { quantize: 'uint8', tolerance: 1e-6 })).rejects.toThrow(
      /^exportStudent: Expected outputs within 0.000001 of the student's, got .* Nothing was exported\./,
    );
    expect((await readdir(dir)).sort()).toEqual(['README.md', 'model.json', 'weights.bin']);
    expect(await readFile(path.join(dir, 'model.json'), 'utf8')).toBe(before);
    model.dispose();
  });

  it('says in the card how good the student is beside its teacher and alone, and how to run it', async () => {
    const model = mlp(5, 1);
    const record = sampleRecord();
    const { evaluation } = record.trainings[1]!;
    await exportStudent(model, dir, {
      quantize: 'uint8',
      card: { record, evaluation, title: 'Digits', license: 'mit' },
    });
    const card = await readFile(path.join(dir, 'README.md'), 'utf8');
    expect(card).toMatch(/^---\nlibrary_name: tf.js\ntags:\n {2}- knowledge-distillation\nlicense: mit\n/);
    expect(card).toContain('# Digits');
    expect(card).toContain('|  | teacher | student alone | student distilled |');
    expect(card).toMatch(/\| accuracy \| 99\.\d\d % \| 9\d\.\d\d ± 0\.\d\d % \| 9\d\.\d\d ± 0\.\d\d % \|/);
    expect(card).toContain('87.24 % smaller than the teacher, 5.1 times as fast.');
    expect(card).toContain('weights stored as uint8');
    expect(card).toContain('temperature: 4');
    expect(card).not.toMatch(/NaN|undefined|null/);
    model.dispose();
  });

  it('writes no card where none is wanted', async () => {
    const model = mlp(5, 1);
    await exportStudent(model, dir, { card: false });
    expect((await readdir(dir)).sort()).toEqual(['model.json', 'weights.bin']);
    model.dispose();
  });

  it('needs inputs for a model whose input has a free size', async () => {
    const model = sequential({
      layers: [
        layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [null, null, 1] }),
        layers.globalAveragePooling2d({}),
      ],
    });
    await expect(exportStudent(model, dir)).rejects.toThrow(/has a free size .* Pass inputs as `sample`\./);
    expect(await readdir(dir)).toEqual([]);
    await exportStudent(model, dir, { sample: randomNormal([2, 7, 9, 1]) });
    model.dispose();
  });

  it('refuses a folder that cannot be one, and a student that is no layers model', async () => {
    await writeFile(path.join(dir, 'file'), '');
    const model = mlp(5, 1);
    await expect(exportStudent(model, path.join(dir, 'file'))).rejects.toThrow(/file cannot be written/);
    const weight = variable(randomNormal([2]));
    await expect(exportStudent({ forward: () => weight, variables: [weight] } as never, dir)).rejects.toThrow(
      'Expected `student` to be a LayersModel',
    );
    model.dispose();
    weight.dispose();
  });
});
