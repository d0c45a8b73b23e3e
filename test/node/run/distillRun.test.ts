import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { getBackend } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { comparisonCells, comparisonRows } from '../../../packages/node/src/run/compareRuns.js';
import { readRunConfig } from '../../../packages/node/src/run/config/readRunConfig.js';
import { type EngineName } from '../../../packages/node/src/engine/engine.js';
import { distillRun, type RunOptions } from '../../../packages/node/src/run/distillRun.js';
import { openStudent } from '../../../packages/node/src/run/openStudent.js';
import { readRuns } from '../../../packages/node/src/run/readRuns.js';
import { STUDENT_NAMES } from '../../../packages/node/src/run/students/index.js';
import { fileSystem, readHistory, registerCheckpointFolders } from '@tfjs-distill/node';
import { distillHere } from '../cli/distillHere.js';

/** Two clouds of points, as a user's module gives them. */
const DATA = `
const split = (n, phase) => ({
  values: Float32Array.from({ length: 2 * n }, (_, i) => ((i >> 1) % 2 ? 1 : -1) + Math.sin(phase + 7 * i)),
  shape: [n, 2],
  labels: Int32Array.from({ length: n }, (_, i) => i % 2),
});
export default { train: split(64, 0), test: split(32, 1), classNames: ['left', 'right'] };
`;

const CONFIG = `
dataset: ./data.mjs
teacher: ./teacher
storeTeacher: true
student: mlp
criterion: { type: kd, temperature: 2 }
training: { epochs: 3, batchSize: 16, learningRate: { type: linear, from: 0.01, to: 0.001 } }
`;

let dir: string;
let file: string;
beforeEach(async () => {
  registerCheckpointFolders();
  dir = await mkdtemp(path.join(os.tmpdir(), 'distill-run-'));
  file = path.join(dir, 'mine.yaml');
  await writeFile(path.join(dir, 'data.mjs'), DATA);
  await writeFile(file, CONFIG);
  const teacher = await openStudent('mlp', { inputShape: [2], classes: 2, seed: 9 });
  await teacher.save(fileSystem(path.join(dir, 'teacher')));
  teacher.dispose();
});
afterEach(() => rm(dir, { recursive: true }));

const ENGINE = process.env['TEST_ENGINE'] ?? 'cpu';
const engine = {
  engine: ENGINE as EngineName,
  backend: ENGINE,
  version: '0',
  description: '',
  facts: {},
  forced: true,
  passedOver: [],
} as const;

const run = async (name: string, overrides: readonly string[] = [], options: Partial<RunOptions> = {}) =>
  distillRun(await readRunConfig(file, overrides), { engine, output: path.join(dir, name), ...options });

/** `distill label`, of the training samples. */
async function label(store: string, ...words: readonly string[]): Promise<void> {
  const places = { teacher: 'teacher', data: 'data.mjs', out: store };
  const flags = Object.entries(places).flatMap(([name, file]) => [`--${name}`, path.join(dir, file)]);
  // a teacher of random weights is right as if by chance: --force
  const { out } = await distillHere('label', ...flags, '--json', '--force', ...words);
  expect(JSON.parse(out)).toMatchObject({ finished: true });
}

const weightsOf = (name: string) => readFile(path.join(dir, name, 'distilled-1/model/weights.bin'));

describe('distillRun', { timeout: 90_000 }, () => {
  it('trains alone and distilled for each seed, evaluates both and the teacher, and records all', async () => {
    const lines: string[] = [];
    const record = await run('a', ['seeds=2'], { onMessage: (line) => void lines.push(line) });
    expect(lines[0]).toMatch(
      /^Plan: .*data\.mjs \(64 training samples, 32 test\); teacher \.\/teacher, stored; student mlp of 642 parameters; criterion kd; alone 3 epochs; distilled 3 epochs; 2 seeds\.$/,
    );
    expect(record.trainings.map(({ network, seed }) => `${network} ${seed}`)).toEqual([
      'alone 1',
      'distilled 1',
      'alone 2',
      'distilled 2',
    ]);
    expect(record.trainings[1]?.history.map((row) => Object.keys(row).includes('test_accuracy'))).toEqual([
      true,
      true,
      true,
    ]);
    expect(record.trainings.every(({ evaluation }) => evaluation.agreement !== undefined)).toBe(true);
    expect(record).toMatchObject({ name: 'mine', classNames: ['left', 'right'], teacher: { samples: 32 } });
    expect((await readdir(path.join(dir, 'a'))).sort()).toEqual([
      'alone-1',
      'alone-2',
      'config.yaml',
      'distilled-1',
      'distilled-2',
      'report.html',
      'run.json',
      'seconds.txt',
      'start.json',
      'student',
    ]);
    expect(JSON.parse(await readFile(path.join(dir, 'a/run.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(record)),
    );
  });

  it('gives the same weights again, and others for another seed', async () => {
    await run('a', ['alone=false']);
    await run('b', ['alone=false']);
    expect((await weightsOf('b')).equals(await weightsOf('a'))).toBe(true);
    const { trainings } = await run('c', ['alone=false', 'seeds=[2]']);
    expect(trainings).toHaveLength(1);
    const other = await readFile(path.join(dir, 'c/distilled-2/model/weights.bin'));
    expect(other.equals(await weightsOf('a'))).toBe(false);
  });

  it('goes on where it was stopped, to the same weights', async () => {
    // compiled steps begin anew with two eager ones, which round otherwise
    const eagerly = ['alone=false', 'training.stepRunner=eager'];
    await run('whole', eagerly);
    const controller = new AbortController();
    const stopAfter = (steps: number) => ({
      name: 'stop',
      onStepEnd: ({ globalStep }: { globalStep: number }) =>
        void (globalStep === steps && controller.abort()),
    });
    const stopped = run('a', eagerly, {
      signal: controller.signal,
      pluginsFor: () => [stopAfter(5)],
    });
    await expect(stopped).rejects.toThrow(/Stopped; a checkpoint is written/);
    const { trainings } = await run('a', eagerly, { how: 'resume' });
    expect((await weightsOf('a')).equals(await weightsOf('whole'))).toBe(true);
    expect(trainings[0]?.history).toHaveLength(3);
  });

  it('counts the time of all processes that worked at it', async () => {
    const controller = new AbortController();
    const stopping = {
      signal: controller.signal,
      pluginsFor: () => [{ name: 'stop', onStepEnd: () => void controller.abort() }],
    };
    await expect(run('a', ['alone=false'], stopping)).rejects.toThrow(/Stopped/);
    for (const file of ['a/seconds.txt', 'a/distilled-1/seconds.txt']) {
      expect(Number(await readFile(path.join(dir, file), 'utf8'))).toBeGreaterThan(0);
      await writeFile(path.join(dir, file), '1000');
    }
    const { seconds, trainings } = await run('a', ['alone=false'], { how: 'resume' });
    expect(seconds).toBeGreaterThan(1000);
    expect(trainings[0]?.seconds).toBeGreaterThan(1000);
    expect(seconds).toBeLessThan(1060);
  });

  it('stores the layers that criteria look at too, and trains by them as by the teacher itself', async () => {
    const layer = 'hidden';
    const mapping = { student: layer, teacher: layer };
    const criterion = `criterion={type: intermediate-layers, mappings: [${JSON.stringify(mapping)}]}`;
    const lines: string[] = [];
    const options = { onMessage: (line: string) => void lines.push(line) };
    await run('stored', ['alone=false', criterion], options);
    expect(lines[1]).toContain(`96 answers with ${layer} computed`);
    await run('live', ['alone=false', criterion, 'storeTeacher=false']);
    expect((await weightsOf('stored')).equals(await weightsOf('live'))).toBe(true);
  });

  it('stores of several teachers what is looked at of each', async () => {
    const teachers = 'teacher=[{name: a, model: ./teacher}, {name: b, model: ./teacher, weight: 0.5}]';
    const mapping = JSON.stringify({ student: 'hidden', teacher: 'b/hidden' });
    const both = ['alone=false', teachers, `criterion={type: intermediate-layers, mappings: [${mapping}]}`];
    const lines: string[] = [];
    await run('stored', both, { onMessage: (line) => void lines.push(line) });
    expect(lines.slice(1, 3)).toEqual([
      expect.stringContaining('96 answers computed'),
      expect.stringContaining('96 answers with hidden computed'),
    ]);
    await run('live', [...both, 'storeTeacher=false']);
    expect((await weightsOf('stored')).equals(await weightsOf('live'))).toBe(true);
  });

  it('keeps what was labelled when it is stopped', async () => {
    const controller = new AbortController();
    const stopping = { signal: controller.signal, onLabelling: () => void controller.abort() };
    await expect(run('a', ['alone=false'], stopping)).rejects.toThrow(
      /Stopped; what is labelled is kept\. --resume goes on with it\./,
    );
    const asked: number[] = [];
    const onLabelling = (done: number, total: number) => void asked.push(done, total);
    await run('a', ['alone=false'], { how: 'resume', onLabelling });
    expect(asked).toEqual([32, 32]); // of 96 the test samples were left
  });

  it('learns from what `distill label` stored, and refuses answers about other data', async () => {
    await label('labels');
    const store = ['alone=false', 'storeTeacher=false', 'teacher={store: labels}'];
    await run('stored', store);
    await run('live', ['alone=false']);
    expect((await weightsOf('stored')).equals(await weightsOf('live'))).toBe(true);
    await writeFile(path.join(dir, 'other.mjs'), DATA.replace('split(64, 0)', 'split(64, 3)'));
    await expect(run('other', [...store, 'dataset=./other.mjs'])).rejects.toThrow(
      /labels: These are answers about another data set \([0-9a-f]{16}\) than .*other\.mjs \([0-9a-f]{16}\)\. Label this one/,
    );
    expect(await readdir(dir)).not.toContain('other');
  });

  it('learns from stored layers', async () => {
    await label('labels', '--features', 'hidden');
    const mapping = JSON.stringify({ student: 'hidden', teacher: 'hidden' });
    const layers = ['alone=false', `criterion={type: intermediate-layers, mappings: [${mapping}]}`];
    await run('stored', [...layers, 'storeTeacher=false', 'teacher={store: labels}']);
    await run('live', [...layers, 'storeTeacher=false']);
    expect((await weightsOf('stored')).equals(await weightsOf('live'))).toBe(true);
  });

  it('refuses a store that lacks training samples, before its folder is touched', async () => {
    await label('few', '--limit', '20');
    await expect(run('a', ['storeTeacher=false', 'teacher={store: few}'])).rejects.toThrow(
      /few: Expected answers about all 64 training samples of .*data\.mjs, found 20; sample 20 is the first without\./,
    );
    expect(await readdir(dir)).not.toContain('a');
  });

  it('refuses a folder with a run, and to resume one that began otherwise', async () => {
    await run('a', ['alone=false']);
    await expect(run('a', ['alone=false'])).rejects.toThrow(/holds a run already.*--resume.*--force/);
    const changed = run('a', ['alone=false', 'criterion.temperature=8'], { how: 'resume' });
    await expect(changed).rejects.toThrow(/began otherwise: criterion\.temperature: 2 → 8/);
    await writeFile(path.join(dir, 'other.mjs'), DATA.replace('split(64, 0)', 'split(64, 3)'));
    const record = await run('a', ['alone=false', 'dataset=./other.mjs'], { how: 'force' });
    expect(record.config).toMatchObject({ dataset: './other.mjs' });
  });

  it('shows of few labels only those, and trains alone on them', async () => {
    const { trainings } = await run('a', [
      'labels=16',
      'validation=8',
      'training.epochs=1',
      'training.batchSize=8',
    ]);
    expect(trainings.map(({ steps }) => steps)).toEqual([2, 7]); // 16 and 56 samples
    expect(Object.keys(trainings[1]?.history[0] ?? {})).toContain('val_accuracy');
  });

  it('takes criteria and plugins out of modules', async () => {
    (globalThis as { tfCore?: unknown }).tfCore = await import('@tensorflow/tfjs-core');
    await writeFile(
      path.join(dir, 'criterion.mjs'),
      'const { mean, square, sub } = globalThis.tfCore; export default (t, s) => mean(square(sub(s, t)));',
    );
    await writeFile(
      path.join(dir, 'plugin.mjs'),
      `export default ({ at }) => ({ name: 'mine', onEpochEnd: ({ log }) => log('mine', at) });`,
    );
    const { trainings } = await run('a', [
      'alone=false',
      'criterion={module: ./criterion.mjs}',
      'plugins=[{module: ./plugin.mjs, options: {at: 7}}]',
    ]);
    expect(trainings[0]?.history[0]).toMatchObject({ mine: 7 });
  });

  it('has the files of plugins in the folder of each training', async () => {
    await run('a', [
      'training.epochs=1',
      'training.stepRunner=eager',
      'plugins=[{type: tensorboard, dir: events}, {type: history-file, path: history.jsonl}]',
    ]);
    for (const training of ['alone-1', 'distilled-1']) {
      const [file] = await readdir(path.join(dir, 'a', training, 'events'));
      expect(file).toMatch(/^events\.out\.tfevents\./);
      const [row] = await readHistory(path.join(dir, 'a', training, 'history.jsonl'));
      expect(row).toMatchObject({ epoch: 0 });
    }
  });

  it.skipIf(ENGINE.startsWith('tensorflow'))(
    'refuses compiled steps on an engine without them, before its folder is touched',
    async () => {
      await expect(run('a', ['training.stepRunner=compiled', 'teacher=./none'])).rejects.toThrow(
        /There is no teacher/,
      );
      await expect(run('a', ['training.stepRunner=compiled'])).rejects.toThrow(
        /Expected `stepRunner` to be auto or eager here/,
      );
      expect(await readdir(dir)).not.toContain('a');
    },
  );

  it('of nothing that fits says what does not, before any training', async () => {
    await expect(run('a', ['student=mpl'])).rejects.toThrow(/Unknown student "mpl"\. Did you mean "mlp"/);
    await expect(run('a', ['student=small-cnn'])).rejects.toThrow(
      /takes images .* the samples are \[2\]: try "mlp"/,
    );
    await expect(run('a', ['teacher=./none'])).rejects.toThrow(/There is no teacher at .*none/);
    await expect(run('a', ['criterion={module: ./none.mjs}'], { how: 'resume' })).rejects.toThrow(
      /none\.mjs/,
    );
    expect(getBackend()).not.toBe('');
  });
});

describe('comparing runs', { timeout: 90_000 }, () => {
  it('shows in what they differ and what came of it', async () => {
    await run('one', ['training.epochs=1', 'name=first']);
    await run('two', ['training.epochs=2', 'name=second']);
    const rows = comparisonRows(await readRuns([dir]));
    expect(rows.map(({ run: name, settings }) => [name, settings])).toEqual([
      ['one', { 'training.epochs': 1 }],
      ['two', { 'training.epochs': 2 }],
    ]);
    expect(comparisonCells(rows)[0]?.slice(0, 6)).toEqual([
      'run',
      'training.epochs',
      'teacher',
      'alone',
      'distilled',
      'gain',
    ]);
    await expect(readRuns([path.join(dir, 'teacher')])).rejects.toThrow(/no finished run here/);
    await expect(readRuns(['/nowhere'])).rejects.toThrow(/does not exist/);
  });
});

describe('openStudent', () => {
  it.each(STUDENT_NAMES)('builds %s, the same for the same seed, ending in logits', async (name) => {
    const plan = { inputShape: [8, 8, 3], classes: 4, seed: 5 };
    const [model, again] = [await openStudent(name, plan), await openStudent(name, plan)];
    expect(model.outputs[0]?.shape).toEqual([null, 4]);
    const [a, b] = [model.getWeights()[0], again.getWeights()[0]];
    expect(await a?.data()).toEqual(await b?.data());
    model.dispose();
    again.dispose();
  });

  it('refuses a model that does not fit the data', async () => {
    const plan = { inputShape: [3], classes: 2, seed: 1 };
    await expect(openStudent({ path: 'teacher' }, plan, dir)).rejects.toThrow(
      /a model from \[3\] to 2 classes, got "one from \[2\] to \[2\]"/,
    );
  });
});
