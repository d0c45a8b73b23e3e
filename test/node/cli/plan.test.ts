import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type CostModel, type PlanRow } from '@tfjs-distill/node/scaling';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { distillHere } from './distillHere.js';

const DATA = `
const split = (n) => ({
  values: Float32Array.from({ length: 2 * n }, (_, i) => Math.sin(7 * i)),
  shape: [n, 2],
  labels: Int32Array.from({ length: n }, (_, i) => i % 2),
});
export default { train: split(64), test: split(32), classNames: ['left', 'right'] };
`;
const TEACHER = `
import { neg } from '@tensorflow/tfjs-core';
export default (x) => neg(x);
`;
const CONFIG = `
dataset: ./data.mjs
teacher: { model: ./teacher.mjs, outputs: logits }
storeTeacher: true
student: mlp
criterion: { type: kd, temperature: 2 }
training: { epochs: 3, batchSize: 16 }
`;

/** In the working folder, so that the teacher's module finds TensorFlow.js. */
const CACHE = path.join(import.meta.dirname, '../../../.cache');

let folder: string;
let file: string;
beforeEach(async () => {
  await mkdir(CACHE, { recursive: true });
  folder = await mkdtemp(path.join(CACHE, 'plan-'));
  file = path.join(folder, 'mine.yaml');
  await writeFile(path.join(folder, 'data.mjs'), DATA);
  await writeFile(path.join(folder, 'teacher.mjs'), TEACHER);
  await writeFile(file, CONFIG);
});
afterEach(() => rm(folder, { recursive: true }));

const distill = (...words: readonly string[]) => distillHere('plan', ...words);

describe('distill plan', () => {
  it('prints what it measured, a table, and where it ends', async () => {
    const before = await readdir(os.tmpdir());
    const { out, err } = await distill(file, '--workers', '16', '--hourly-price', '2');
    expect(err).toBe('');
    expect(out).toMatch(/^Measured here on \w+, one worker:\n {2}teacher +\S+ [mµn]?s a sample\n/);
    expect(out).toMatch(/step +.* batch 16, 3 epochs\n/);
    expect(out).toMatch(/│ samples +workers +labelling +of use +price +training +of use +price /);
    expect(out.match(/│ 10⁶ +(1|10|16) /g)).toHaveLength(3);
    expect(out).toMatch(/10⁸ samples, labelling: half of the time is of use up to [\d,]+ workers/);
    const left = (await readdir(os.tmpdir())).filter((name) => name.startsWith('distill-plan'));
    expect(left.filter((name) => !before.includes(name))).toEqual([]);
  });

  it('prints as JSON what the table follows from', async () => {
    const { out } = await distill(file, '--workers', '4', '--samples', '1000,5000', '--json');
    const { model, rows } = JSON.parse(out) as { model: CostModel; rows: PlanRow[] };
    expect(rows.map(({ samples, workers }) => [samples, workers])).toEqual([
      [1000, 1],
      [1000, 4],
      [5000, 1],
      [5000, 4],
    ]);
    expect(model.training).toMatchObject({ batchSize: 16, epochs: 3 });
    expect(model.labelling!.teacherSeconds).toBeGreaterThan(0);
    expect(model.labelling!.bytesPerRow).toBeGreaterThanOrEqual(8); // two classes of float32
    const weights = model.training.gradientBytes / 4;
    expect(weights).toBeGreaterThan(100);
    expect(weights % 1).toBe(0);
  });

  it('has nothing to label where the config has no teacher', async () => {
    await writeFile(
      file,
      CONFIG.replace(/teacher:.*\n/, '')
        .replace('storeTeacher: true\n', '')
        .replace(/criterion:.*/, 'criterion: { type: cs-kd }'),
    );
    const { out, err } = await distill(file, '--workers', '2', '--samples', '1e6');
    expect(err).toBe('');
    expect(out).not.toMatch(/labelling|teacher/);
    expect(out).toMatch(/│ samples +workers +training +of use/);
  });

  it.each([
    ['a wrong key', ['--set', 'studnet=mlp'], /studnet.*student/],
    ['a batch of none', ['--set', 'training.batchSize=0'], /batchSize/],
    ['a missing teacher', ['--set', 'teacher=./nowhere'], /There is no teacher at .*nowhere/],
  ])('says as `run` does of %s what is wrong', async (_, words, message) => {
    const { out, err } = await distill(file, ...words);
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});
