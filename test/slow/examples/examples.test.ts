import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
});
