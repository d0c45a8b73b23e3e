import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openDataset } from '@tfjs-distill/node';
import { parquetWriteBuffer } from 'hyparquet-writer';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import yazl from 'yazl';

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(path.join(os.tmpdir(), 'distill-tables-'))));
afterEach(() => rm(dir, { recursive: true }));

const at = (name: string) => path.join(dir, name);
const write = async (name: string, data: string | Uint8Array) => {
  await mkdir(path.dirname(at(name)), { recursive: true });
  await writeFile(at(name), data);
  return at(name);
};

describe('CSV', () => {
  const IRIS = 'length,width,label\n1,2,setosa\n3,4.5,virginica\n5,6,setosa\n';

  it('has a column of classes, the others are features', async () => {
    const [train, test] = [
      await write('a.csv', IRIS),
      await write('b.csv', 'length,width,label\n7,8,virginica\n'),
    ];
    const set = await openDataset({ type: 'csv', path: train, test });
    expect([set.inputShape, set.classNames, [...set.train.labels], [...set.test.labels]]).toEqual([
      [2],
      ['setosa', 'virginica'],
      [0, 1, 0],
      [1],
    ]);
    expect([...set.train.values]).toEqual([1, 2, 3, 4.5, 5, 6]);
  });

  it('sorts classes that are numbers by their value, and leaves samples without one unlabelled', async () => {
    const test = await write('b.csv', 'x;y\n1;2\n');
    const set = await openDataset({
      type: 'csv',
      path: await write('a.csv', 'x;y\n1;10\n2;9\n3;\n'),
      test,
      label: 'y',
      delimiter: ';',
    });
    expect([set.classNames, [...set.train.labels]]).toEqual([
      ['2', '9', '10'],
      [2, 1, -1],
    ]);
  });

  it('gives an equal share of each class away for testing, the same every time', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${i},${i % 2}`).join('\n');
    const file = await write('a.csv', `x,label\n${rows}\n`);
    const [set, again] = [await openDataset(file), await openDataset(file)];
    expect([set.train.shape, set.test.shape]).toEqual([
      [16, 1],
      [4, 1],
    ]);
    expect([...set.test.labels].sort()).toEqual([0, 0, 1, 1]);
    expect(again.fingerprint).toBe(set.fingerprint);
    expect([...set.train.values, ...set.test.values].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    );
  });

  it.each([
    ['length,label\nx,a\n', {}, /row 1: Expected a number in column "length", found "x"/],
    ['length,label\n,a\n', {}, /row 1: Expected a number in column "length", found ""/],
    ['length,kind\n1,a\n', {}, /Unknown column "label"\. Known: length, kind/],
    ['length,label\n1,a\n', { features: ['lenght'] }, /Unknown column "lenght"\. Did you mean "length"/],
    ['length,label\n1,a,3\n', {}, /cannot be read as CSV/],
  ])('refuses %j %j', async (text, options, message) => {
    const file = await write('a.csv', text);
    await expect(openDataset({ type: 'csv', path: file, ...options })).rejects.toThrow(message);
  });
});

describe('Parquet', () => {
  it('has columns of numbers or lists of them', async () => {
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'age', data: [1, 2, 3], type: 'DOUBLE' },
        { name: 'label', data: ['b', 'a', 'b'], type: 'STRING' },
      ],
    });
    const file = await write('a.parquet', new Uint8Array(bytes));
    const set = await openDataset({ type: 'parquet', path: file, test: file });
    expect([[...set.train.values], [...set.train.labels], set.classNames]).toEqual([
      [1, 2, 3],
      [1, 0, 1],
      ['a', 'b'],
    ]);
  });

  it('may have a column of encoded images', async () => {
    const png = (level: number) =>
      sharp({ create: { width: 4, height: 4, channels: 3, background: { r: level, g: 0, b: 0 } } })
        .png()
        .toBuffer();
    const bytes = parquetWriteBuffer({
      columnData: [
        {
          name: 'image',
          data: [new Uint8Array(await png(10)), new Uint8Array(await png(200))],
          type: 'BYTE_ARRAY',
        },
        { name: 'label', data: [0, 1], type: 'INT32' },
      ],
    });
    const file = await write('a.parquet', new Uint8Array(bytes));
    const set = await openDataset({ type: 'parquet', path: file, test: file, image: 'image', size: [2, 3] });
    expect([set.inputShape, [...set.train.labels]]).toEqual([
      [2, 3, 3],
      [0, 1],
    ]);
    expect([...set.train.values.subarray(0, 3), set.train.values[18]]).toEqual([10, 0, 0, 200]);
  });

  it('names a file that is none', async () => {
    await expect(openDataset(await write('a.parquet', 'no'))).rejects.toThrow(
      /a\.parquet: It cannot be read as Parquet/,
    );
  });
});

describe('a folder of images', () => {
  const image = (level: number, format: 'png' | 'jpeg') =>
    sharp({ create: { width: 5, height: 7, channels: 3, background: { r: level, g: level, b: level } } })
      .toFormat(format)
      .toBuffer();

  it('has a folder for each class, below train and test', async () => {
    await write('set/train/cat/1.png', await image(100, 'png'));
    await write('set/train/dog/1.jpg', await image(50, 'jpeg'));
    await write('set/val/dog/notes.txt', 'not an image');
    await write('set/val/dog/2.png', await image(0, 'png'));
    const set = await openDataset({ type: 'images', path: at('set'), size: [4, 4], channels: 1 });
    expect([set.classNames, set.inputShape, [...set.test.labels]]).toEqual([['cat', 'dog'], [4, 4, 1], [1]]);
    expect([set.train.values[0], set.train.values[16]]).toEqual([100, 50]);
  });

  it('names a broken image, an empty folder, a class that was not trained', async () => {
    await write('broken/a/1.png', 'no image');
    await expect(openDataset({ type: 'images', path: at('broken') })).rejects.toThrow(
      /1\.png: The image cannot be decoded/,
    );
    await write('odd/train/a/1.png', await image(1, 'png'));
    await write('odd/test/b/1.png', await image(1, 'png'));
    await expect(openDataset({ type: 'images', path: at('odd') })).rejects.toThrow(
      /class "b" is none of the training/,
    );
    await expect(openDataset({ type: 'images', path: at('odd/test/b') })).rejects.toThrow(/found no image/);
    await expect(openDataset({ type: 'images', path: '/nowhere' })).rejects.toThrow(
      /nowhere: This folder cannot be read/,
    );
  });
});

/** A .npy file of bytes or int64 numbers. */
function npy(type: '|u1' | '<i8', shape: readonly number[], values: readonly number[]): Buffer {
  const head =
    `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`.padEnd(117) + '\n';
  const size = Buffer.alloc(2);
  size.writeUInt16LE(head.length);
  const data =
    type === '|u1' ? Buffer.from(values) : Buffer.from(BigInt64Array.from(values.map(BigInt)).buffer);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), size, Buffer.from(head, 'latin1'), data]);
}

describe('a NumPy archive', () => {
  async function archive(arrays: Record<string, Buffer>): Promise<string> {
    const zip = new yazl.ZipFile();
    for (const [name, bytes] of Object.entries(arrays)) zip.addBuffer(bytes, `${name}.npy`);
    zip.end();
    const chunks: Buffer[] = [];
    for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
    return write('mnist.npz', Buffer.concat(chunks));
  }

  it('holds x_train, y_train, x_test and y_test as Keras writes them', async () => {
    const x = npy('|u1', [2, 2, 2], [0, 255, 3, 4, 5, 6, 7, 8]);
    const y = npy('<i8', [2], [1, 0]);
    const file = await archive({ x_train: x, y_train: y, x_test: x, y_test: y });
    const set = await openDataset(file);
    expect([set.inputShape, [...set.train.labels], set.train.values]).toEqual([
      [2, 2, 1],
      [1, 0],
      Uint8Array.of(0, 255, 3, 4, 5, 6, 7, 8),
    ]);
  });

  it('names what is missing', async () => {
    const file = await archive({ x_train: npy('|u1', [1, 1], [2]), y_tran: npy('|u1', [1], [0]) });
    await expect(openDataset(file)).rejects.toThrow(/Unknown array "y_train"/);
    expect((await readFile(file)).length).toBeGreaterThan(0);
  });
});
