import { mkdtemp, writeFile } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { importNumpy, openTeacherStore } from '@tfjs-distill/node';
import { describe, expect, it } from 'vitest';
import yazl from 'yazl';

const header = { classes: 2, teacher: 'aa11', dataset: 'bb22' };
const newFolder = () => mkdtemp(join(tmpdir(), 'distill-numpy-'));

/** What `np.save` writes, version 1.0. */
function npy(type: string, shape: readonly number[], values: ArrayBufferView, order = 'False'): Buffer {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${sizes}), }`;
  const padded = `${text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11)}\n`;
  const start = Buffer.from([
    0x93,
    0x4e,
    0x55,
    0x4d,
    0x50,
    0x59,
    1,
    0,
    padded.length & 255,
    padded.length >> 8,
  ]);
  return Buffer.concat([
    start,
    Buffer.from(padded),
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  ]);
}

async function saved(name: string, bytes: Buffer): Promise<string> {
  const file = join(await newFolder(), name);
  await writeFile(file, bytes);
  return file;
}

async function zipped(parts: Readonly<Record<string, Buffer>>): Promise<string> {
  const zip = new yazl.ZipFile();
  for (const [name, bytes] of Object.entries(parts)) zip.addBuffer(bytes, `${name}.npy`);
  zip.end();
  const file = join(await newFolder(), 'logits.npz');
  await pipeline(zip.outputStream, createWriteStream(file));
  return file;
}

/** `np.save(f, np.array([[1.5, -2], [0.25, 3]], dtype=np.float16))`, by NumPy 2.4. */
const FROM_NUMPY =
  'k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAPgDAADQAQg==';

describe('importNumpy', () => {
  it.each<[string, string, ArrayBufferView]>([
    ['float32', '<f4', Float32Array.of(1, 2, 3, 4, 5, 6)],
    ['float64', '<f8', Float64Array.of(1, 2, 3, 4, 5, 6)],
    ['int64', '<i8', BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n)],
  ])('takes the rows of a .npy file of %s, numbered in order', async (_, type, values) => {
    const folder = await newFolder();
    await importNumpy(await saved('a.npy', npy(type, [3, 2], values)), folder, header);
    const store = await openTeacherStore(folder, header);
    expect(await (await store.rows(Int32Array.of(2, 0))).logits.array()).toEqual([
      [5, 6],
      [1, 2],
    ]);
  });

  it('reads what NumPy wrote', async () => {
    const folder = await newFolder();
    await importNumpy(await saved('a.npy', Buffer.from(FROM_NUMPY, 'base64')), folder, header);
    const store = await openTeacherStore(folder);
    expect(await (await store.rows(Int32Array.of(0, 1))).logits.array()).toEqual([
      [1.5, -2],
      [0.25, 3],
    ]);
  });

  it('takes ids and features from a .npz file, over many blocks', async () => {
    const samples = 2500;
    const ids = BigInt64Array.from({ length: samples }, (_, i) => BigInt(3 * (samples - i)));
    const logits = Float32Array.from({ length: 2 * samples }, (_, i) => i);
    const file = await zipped({
      ids: npy('<i8', [samples], ids),
      logits: npy('<f4', [samples, 2], logits),
      hint: npy('<f4', [samples, 1, 1], logits.subarray(0, samples)),
    });
    const folder = await newFolder();
    await importNumpy(file, folder, { ...header, features: { hint: [1, 1] } }, { shardBytes: 10_000 });
    const store = await openTeacherStore(folder);
    const { logits: found, features } = await store.rows(Int32Array.of(3, 7500), ['hint']);
    expect(await found.array()).toEqual([
      [4998, 4999],
      [0, 1],
    ]);
    expect(await features['hint']?.array()).toEqual([[[2499]], [[0]]]);
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    [
      'a file that is missing',
      () => Promise.resolve('/nowhere.npy'),
      /^\/nowhere.npy: The file cannot be read: ENOENT/,
    ],
    ['no .npy file', () => saved('a.npy', Buffer.from('not an array at all')), /It is no .npy file/],
    ['no .npz file', () => saved('a.npz', Buffer.from('not an archive at all')), /cannot be read/],
    [
      'a truncated one',
      async () => saved('a.npy', npy('<f4', [2, 2], Float32Array.of(1, 2, 3))),
      /Expected 4 numbers of 4 bytes, found 12 bytes/,
    ],
    [
      "Fortran's order",
      async () => saved('a.npy', npy('<f4', [1, 2], Float32Array.of(1, 2), 'True')),
      /C's order/,
    ],
    [
      'text',
      async () => saved('a.npy', npy('<U4', [1, 2], Float32Array.of(1, 2))),
      /Expected numbers of type .* found <U4/,
    ],
    [
      'other classes',
      async () => saved('a.npy', npy('<f4', [1, 3], Float32Array.of(1, 2, 3))),
      /of shape \[1, 2\], found \[1, 3\]/,
    ],
    [
      'no logits',
      async () => zipped({ scores: npy('<f4', [1, 2], Float32Array.of(1, 2)) }),
      /Expected an array `logits`, found scores/,
    ],
  ])('refuses %s', async (_, make, message) => {
    const file = await make();
    await expect(importNumpy(file, await newFolder(), header)).rejects.toThrow(message);
  });
});
