import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { getBackend } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Evaluation } from '../../../packages/node/src/evaluation/Evaluation.js';
import { fileSystem } from '../../../packages/node/src/io/fileSystem.js';
import { mlp } from '../../fixtures/models.js';
import { sampleRecord } from '../report/sampleRecord.js';
import { distillHere } from './distillHere.js';

/** 24 samples; the class is where the largest of three features is. */
const DATA = `
const values = Float32Array.from({ length: 96 }, (_, i) => Math.sin(7 * i));
const labels = Int32Array.from({ length: 24 }, (_, i) => {
  const row = [...values.subarray(4 * i, 4 * i + 3)];
  return row.indexOf(Math.max(...row));
});
const split = { values, shape: [24, 4], labels };
export default { train: split, test: split, classNames: ['ant', 'bee', 'cat'] };
`;

let dir = '';
const at = (name: string) => path.join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'distill-evaluate-'));
  await writeFile(at('data.mjs'), DATA);
  await mkdtempModels();
});
afterAll(() => rm(dir, { recursive: true }));

async function mkdtempModels(): Promise<void> {
  for (const [name, model] of [
    ['student', mlp(4, 1)],
    ['teacher', mlp(16, 2)],
    [path.join('run', 'distilled-1', 'model'), mlp(4, 1)],
  ] as const) {
    await model.save(fileSystem(at(name)));
    model.dispose();
  }
  await writeFile(at('run/run.json'), JSON.stringify(sampleRecord({ seeds: 1 })));
}

describe('distill evaluate', () => {
  it('prints a table of student and teacher, and one of classes', async () => {
    const args = ['evaluate', at('student'), '--data', at('data.mjs'), '--teacher', at('teacher')];
    const { code, out, err } = await distillHere(...args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/ on 24 samples of .*, test, \w+ engine\.\n/);
    expect(out).toMatch(/│ +teacher +student │/);
    expect(out).toMatch(/│ accuracy +\d+\.\d\d % +\d+\.\d\d % │/);
    expect(out).toMatch(/│ parameters +131 +35 │/);
    expect(out).toMatch(/size reduction 73\.3 %, inference speed-up \d.* times\./);
    expect(out).toMatch(/│ bee +\d+ +/);
  });

  it('prints JSON, also of the student of a run', async () => {
    const args = ['evaluate', at('run'), '--data', at('data.mjs'), '--engine', getBackend()];
    const { code, out } = await distillHere(...args, '--json', '--no-latency');
    expect(code).toBe(0);
    const { evaluation, engine } = JSON.parse(out) as { evaluation: Evaluation; engine: string };
    expect(engine).toBe(getBackend());
    expect(evaluation).toMatchObject({ samples: 24, parameters: 35, flops: 56, latency: [] });
    expect(evaluation.classes.map(({ name }) => name)).toEqual(['ant', 'bee', 'cat']);
  });

  it.each<[string, string[], RegExp]>([
    ['a model that is not there', ['nowhere', '--data', 'mnist'], /^openTeacher: .*nowhere.*\n$/],
    [
      'an unknown data set',
      ['student', '--data', 'mnits'],
      /Unknown data set "mnits"\. Did you mean "mnist"\?\n$/,
    ],
  ])('refuses %s in one line', async (_, [model = '', ...rest], message) => {
    const { code, err } = await distillHere('evaluate', at(model), ...rest);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/^\s+at /m);
  });
});

describe('distill export', () => {
  it("writes a run's student small, compared on data, with the run's numbers in its card", async () => {
    const args = [
      'export',
      at('run'),
      '--output',
      at('out'),
      '--quantize',
      'uint8',
      '--data',
      at('data.mjs'),
      '--engine',
      getBackend(),
    ];
    const { code, out, err } = await distillHere(...args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/weights stored as uint8\.\nLoaded again and compared on 24 samples: /);
    expect((await readdir(at('out'))).sort()).toEqual(['README.md', 'model.json', 'weights.bin']);
    expect(await readFile(at('out/README.md'), 'utf8')).toContain('| accuracy |');
  });
});
