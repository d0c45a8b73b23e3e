import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diffLines } from 'diff';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fewDigits } from './fewDigits.js';
import { recordOf, runMain } from '../../examples/runMain.js';

const RECORD = 1 + 3 * 32 * 32;

/** The record of a few steps on WebAssembly. */
const record = async (name: string, ...words: string[]) =>
  recordOf(await runMain(name, ['--json', '--engine', 'wasm', ...words]));

describe('the examples, for a few steps', () => {
  let cifar: string;
  let mnist: string;

  beforeAll(async () => {
    cifar = await mkdtemp(join(tmpdir(), 'cifar-'));
    mnist = await fewDigits(await mkdtemp(join(tmpdir(), 'digits-')));
    const images = (count: number) =>
      Buffer.from(
        Uint8Array.from({ length: count * RECORD }, (_, i) =>
          i % RECORD === 0 ? (i / RECORD) % 10 : i % 251,
        ),
      );
    await writeFile(join(cifar, 'data_batch_1.bin'), images(64));
    await writeFile(join(cifar, 'test_batch.bin'), images(20));
  });
  afterAll(() => Promise.all([cifar, mnist].map((folder) => rm(folder, { recursive: true }))));

  it('cifar10-tutorial trains the teacher and a student by each loss of the tutorial', async () => {
    const { example, rows } = await record(
      'cifar10-tutorial',
      '--data',
      cifar,
      '--images',
      '64',
      '--epochs',
      '1',
    );
    expect(example).toBe('cifar10-tutorial');
    expect(rows.map(({ name }) => name)).toEqual([
      'teacher',
      'student, cross-entropy',
      'soft targets, T 2',
      'cosine of the pooled hidden layer',
      'regressor of the feature map',
    ]);
    for (const { values } of rows) expect(values).toHaveLength(1);
  });

  it('cached-resnet teaches by what the teacher said of each image', async () => {
    const { rows } = await record('cached-resnet', '--data', cifar, '--images', '32', '--epochs', '1');
    expect(rows.map(({ name }) => name)).toEqual([
      'teacher: ResNet-50, new head',
      'student alone',
      'distilled from the cache',
    ]);
    for (const { values } of rows) expect(values).toEqual([expect.any(Number)]);
  });

  const digits = () => ['--images', '64', '--epochs', '1', '--data', mnist];

  it('compression-manager distils in all three kinds', async () => {
    const { rows } = await record('compression-manager', ...digits());
    expect(rows.map(({ name }) => name.split(',')[0])).toEqual([
      'student alone',
      'knowledge distillation',
      'intermediate layers',
      'self-distillation',
      '… leaving early',
    ]);
  });

  it('own-loop trains before and after, and the difference is six added lines', async () => {
    const { rows } = await record('own-loop', ...digits());
    expect(rows.map(({ name }) => name)).toEqual(['the loop as it was', 'with six more lines']);
    const source = (file: string) => readFile(`packages/examples/src/own-loop/${file}.ts`, 'utf8');
    const changes = diffLines(await source('before'), await source('after'));
    expect(changes.filter(({ removed }) => removed)).toEqual([]);
    expect(changes.reduce((lines, { added, count }) => lines + (added ? count : 0), 0)).toBe(6);
  });

  it('custom-criterion gives the same from code and from a configuration', async () => {
    const { rows } = await record('custom-criterion', ...digits());
    const [, fromCode, fromConfig] = rows;
    expect(fromConfig!.values).toEqual(fromCode!.values);
  });

  it('guide-pipeline trains in all of the guide’s ways, online as by stored predictions', async () => {
    const { rows } = await record('guide-pipeline', ...digits());
    const names = rows.map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(['student alone', 'stored predictions, T 2']);
    expect(names.slice(-3)).toEqual(['teacher', 'model_size_reduction, %', 'inference_speedup, times']);
    expect(rows[4]!.values).toEqual(rows[1]!.values);
  });

  it('guide-pipeline asks its teacher again where the images are others', async () => {
    const store = async (folder: string) => {
      const few = ['--images', '32', '--epochs', '1', '--engine', 'wasm', '--data', folder];
      const { code, out } = await runMain('guide-pipeline', few, cifar); // its cache is below the working folder
      return { code, out: /predictions of 32 images: (.*)\./.exec(out)?.[1] };
    };
    const others = await mkdtemp(join(cifar, 'others-'));
    await cp(mnist, others, { recursive: true });
    const images = await readFile(join(others, 'train-images-idx3-ubyte'));
    await writeFile(join(others, 'train-images-idx3-ubyte'), images.fill(9, 16, 400));
    expect(await store(mnist)).toEqual({ code: 0, out: 'computed and stored' });
    expect(await store(mnist)).toEqual({ code: 0, out: 'read from disk' });
    expect(await store(others)).toEqual({ code: 0, out: 'computed and stored' });
  });

  it('guide-pipeline is a configuration of `distill run` too', async () => {
    const folder = join(mnist, 'guide');
    const few = ['training.epochs=1', 'dataset={type: mnist, limit: {train: 128, test: 50}}'];
    const config = 'packages/examples/src/guide-pipeline/config.yaml';
    const sets = few.flatMap((assignment) => ['--set', assignment]);
    const words = ['run', config, '--engine', 'wasm', '--output', folder, ...sets];
    const { stdout } = await execa(process.execPath, ['packages/node/bin/distill.js', ...words]);
    expect(stdout).toMatch(/student distilled/);
  });
});
