import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DistillError } from '@tfjs-distill/core';
import { parseIdx, readIdx } from '@tfjs-distill/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { folderOf, idxBytes } from './idxFile.js';

const twelve = idxBytes(
  [3, 2, 2],
  Array.from({ length: 12 }, (_, i) => i * 20),
);

function failure(bytes: Uint8Array): string {
  try {
    parseIdx(bytes, 'some.idx');
  } catch (error) {
    if (error instanceof DistillError && error.code === 'DATA') return error.message;
    throw error;
  }
  return 'no error';
}

describe('readIdx', () => {
  it('reads shape, type and bytes of a plain and of a gzipped file', async () => {
    const dir = await folderOf({ plain: twelve, packed: gzipSync(twelve) });
    for (const name of ['plain', 'packed']) {
      const { shape, type, data } = await readIdx(join(dir, name));
      expect({ shape, type, data: Array.from(data) }).toEqual({
        shape: [3, 2, 2],
        type: 'uint8',
        data: [0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220],
      });
    }
  });

  it('names a file that is missing', async () => {
    const path = join(await folderOf({}), 'absent');
    await expect(readIdx(path)).rejects.toMatchObject({ code: 'DATA' });
    await expect(readIdx(path)).rejects.toThrow(`${path}: The file cannot be read: ENOENT`);
  });

  it('names a gzipped file that is cut short', async () => {
    const dir = await folderOf({ cut: gzipSync(twelve).subarray(0, 20) });
    await expect(readIdx(join(dir, 'cut'))).rejects.toThrow(
      /cut: The gzip stream of 20 bytes cannot be unpacked: .* The file is truncated or corrupt\.$/,
    );
  });
});

describe('parseIdx', () => {
  it.each([
    ['int8', 0x09, [0xff], -1],
    ['int16', 0x0b, [0xff, 0xfe], -2],
    ['int32', 0x0c, [0, 1, 0, 0], 65536],
    ['float32', 0x0d, [0x3f, 0xc0, 0, 0], 1.5],
    ['float64', 0x0e, [0xbf, 0xe0, 0, 0, 0, 0, 0, 0], -0.5],
  ])('reads big-endian %s', (name, type, bytes, value) => {
    const { type: found, data } = parseIdx(idxBytes([1], bytes, type), 'some.idx');
    expect([found, data[0]]).toEqual([name, value]);
  });

  it('says what it expected and what it found', () => {
    expect({
      empty: failure(new Uint8Array(0)),
      magic: failure(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0)),
      type: failure(Uint8Array.of(0, 0, 7, 1, 0, 0, 0, 0)),
      header: failure(twelve.subarray(0, 10)),
      truncated: failure(twelve.subarray(0, 27)),
      trailing: failure(Uint8Array.of(...twelve, 0)),
      huge: failure(idxBytes([0xffffffff, 0xffffffff, 0xffffffff], [1])),
    }).toMatchInlineSnapshot(`
      {
        "empty": "some.idx: Expected a magic number of 4 bytes, found 0 bytes. The file is truncated.",
        "header": "some.idx: Expected a header of 16 bytes for 3 dimensions, found 10 bytes. The file is truncated.",
        "huge": "some.idx: Expected 7.9228162458924105e+28 bytes for uint8 [4294967295, 4294967295, 4294967295], found 17 bytes. The file is truncated.",
        "magic": "some.idx: Expected the magic number of an idx file, found 0x89504e47. The file is corrupt or of another format.",
        "trailing": "some.idx: Expected 28 bytes for uint8 [3, 2, 2], found 29 bytes. The file has trailing bytes.",
        "truncated": "some.idx: Expected 28 bytes for uint8 [3, 2, 2], found 27 bytes. The file is truncated.",
        "type": "some.idx: Expected the magic number of an idx file, found 0x00000701. The file is corrupt or of another format.",
      }
    `);
  });

  it('reads or refuses every mutation of a file with one clear error', () => {
    const mutation = fc.record({
      at: fc.nat({ max: twelve.length - 1 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 5 }),
      length: fc.nat({ max: twelve.length + 5 }),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        let bytes: Uint8Array = twelve.slice();
        for (const { at, bytes: patch, length } of mutations) {
          const next = new Uint8Array(length);
          next.set(bytes.subarray(0, length));
          next.set(patch.subarray(0, Math.max(0, length - at)), Math.min(at, length));
          bytes = next;
        }
        const message = failure(bytes);
        expect(message).toMatch(/^no error$|^some\.idx: Expected .*, found .*\.$/);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads back every uint8 array', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 4 }), { maxLength: 4 }),
        fc.infiniteStream(fc.nat(255)),
        (shape, stream) => {
          const length = shape.reduce((product, size) => product * size, 1);
          const elements = Array.from({ length }, () => stream.next().value as number);
          const { shape: found, data } = parseIdx(idxBytes(shape, elements), 'some.idx');
          expect([found, Array.from(data)]).toEqual([shape, elements]);
        },
      ),
    );
  });
});

describe('a mutated gzipped file', () => {
  it('is read or refused with one clear error', async () => {
    const packed = gzipSync(twelve);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: packed.length - 1 }),
        fc.nat(255),
        fc.nat({ max: packed.length }),
        async (at, value, length) => {
          const bytes = Uint8Array.from(packed);
          bytes[at] = value;
          const path = join(await folderOf({ file: bytes.subarray(0, length) }), 'file');
          const found = await readIdx(path).catch((error: unknown) => error);
          if (found instanceof Error) expect(found).toMatchObject({ name: 'DistillError', code: 'DATA' });
          else expect(found).toMatchObject({ shape: [3, 2, 2] });
        },
      ),
      { numRuns: 150 },
    );
  });
});
