import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diffLines } from 'diff';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const RECORD = 1 + 3 * 32 * 32;

/** Runs an example for a few steps, as its verb does, and gives the record that it prints last. */
async function record(name: string, ...parameters: string[]) {
  const file = `packages/examples/src/${name}/main.ts`;
  const flags = ['--conditions=@tfjs-distill/source', '--import', 'tsx', file, '--json', '--engine', 'wasm'];
  const { stdout } = await execa(process.execPath, [...flags, ...parameters]);
  return JSON.parse(stdout.split('\n').at(-1)!) as {
    example: string;
    rows: { name: string; values: number[] }[];
  };
}

describe('the examples, for a few steps', () => {
  let cifar: string;

  beforeAll(async () => {
    cifar = await mkdtemp(join(tmpdir(), 'cifar-'));
    const images = (count: number) =>
      Buffer.from(
        Uint8Array.from({ length: count * RECORD }, (_, i) =>
          i % RECORD === 0 ? (i / RECORD) % 10 : i % 251,
        ),
      );
    await writeFile(join(cifar, 'data_batch_1.bin'), images(64));
    await writeFile(join(cifar, 'test_batch.bin'), images(20));
  });
  afterAll(() => rm(cifar, { recursive: true }));

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

  const digits = ['--images', '64', '--epochs', '1'];

  it('compression-manager distils in all three kinds', async () => {
    const { rows } = await record('compression-manager', ...digits);
    expect(rows.map(({ name }) => name.split(',')[0])).toEqual([
      'student alone',
      'knowledge distillation',
      'intermediate layers',
      'self-distillation',
      '… leaving early',
    ]);
  });

  it('own-loop trains before and after, and the difference is six added lines', async () => {
    const { rows } = await record('own-loop', ...digits);
    expect(rows.map(({ name }) => name)).toEqual(['the loop as it was', 'with six more lines']);
    const source = (file: string) => readFile(`packages/examples/src/own-loop/${file}.ts`, 'utf8');
    const changes = diffLines(await source('before'), await source('after'));
    expect(changes.filter(({ removed }) => removed)).toEqual([]);
    expect(changes.reduce((lines, { added, count }) => lines + (added ? count : 0), 0)).toBe(6);
  });

  it('custom-criterion gives the same from code and from a configuration', async () => {
    const { rows } = await record('custom-criterion', ...digits);
    const [, fromCode, fromConfig] = rows;
    expect(fromConfig!.values).toEqual(fromCode!.values);
  });
});
