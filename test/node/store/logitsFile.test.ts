import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  cachedLogits,
  readLogits,
  type TeacherLogits,
  type TeacherLogitsKey,
  writeLogits,
} from '@tfjs-distill/node';
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const key: TeacherLogitsKey = { teacher: 'aa11', data: 'bb22', classes: 3, augmentation: 'none' };
const answers: TeacherLogits = {
  ids: Int32Array.of(4, 0, 9),
  logits: Float32Array.of(1, -2, 3.5, 0, 1e-7, -1e6, 7, 8, 9),
  classes: 3,
};
const newDir = () => mkdtemp(join(tmpdir(), 'distill-store-'));

async function written(): Promise<string> {
  const path = join(await newDir(), 'deep', 'logits.arrow');
  await writeLogits(path, key, answers);
  return path;
}

describe('readLogits', () => {
  it('gives back what writeLogits wrote, bit for bit', async () => {
    expect(await readLogits(await written(), key)).toEqual(answers);
  });

  it('reads a file that any Arrow reader reads', async () => {
    const table = tableFromIPC(await readFile(await written())); // stops where the stream ends
    expect(table.schema.fields.map(String)).toEqual(['id: Int32', 'logits: FixedSizeList[3]<Float32>']);
    expect(table.schema.metadata.get('teacher')).toBe('aa11');
    expect(table.numRows).toBe(3);
  });

  it.each<[keyof TeacherLogitsKey, string | number]>([
    ['teacher', 'cc'],
    ['data', 'dd'],
    ['classes', 4],
    ['augmentation', 'affine'],
  ])('refuses a file of another %s and names both', async (name, value) => {
    const path = await written();
    await expect(readLogits(path, { ...key, [name]: value })).rejects.toThrow(
      `${path}: Expected stored teacher outputs with ${name} ${value}, found ${key[name]}.`,
    );
  });

  it('names a file that is missing', async () => {
    await expect(readLogits(join(await newDir(), 'none.arrow'), key)).rejects.toMatchObject({ code: 'DATA' });
  });

  it('never takes a damaged file for a good one', async () => {
    const path = await written();
    const good = await readFile(path);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: good.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        fc.option(fc.nat({ max: good.length - 1 }), { freq: 3 }),
        async (at, flip, length) => {
          const bytes = Uint8Array.from(good).subarray(0, length ?? good.length);
          if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ flip;
          await writeFile(path, bytes);
          const found = await readLogits(path, key).catch((error: unknown) => error);
          expect(found).toMatchObject({ name: 'DistillError', code: 'DATA' });
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('writeLogits', () => {
  it('leaves no unfinished file behind when it cannot write', async () => {
    const dir = await newDir();
    await mkdir(join(dir, 'taken'));
    await writeFile(join(dir, 'file'), '');
    for (const path of [join(dir, 'taken'), join(dir, 'file', 'logits.arrow')]) {
      await expect(writeLogits(path, key, answers)).rejects.toMatchObject({ code: 'DATA' });
    }
    expect((await readdir(dir)).sort()).toEqual(['file', 'taken']);
  });
});

describe('cachedLogits', () => {
  const refuse = () => Promise.reject(new Error('asked the teacher again'));

  it('asks the teacher once and then reads the file', async () => {
    const dir = await newDir();
    const first = await cachedLogits(dir, key, () => Promise.resolve(answers));
    expect(first).toMatchObject({ reused: false, logits: answers.logits });
    expect(await cachedLogits(dir, key, refuse)).toMatchObject({
      ...answers,
      reused: true,
      path: first.path,
    });
  });

  it('asks again for another teacher', async () => {
    const dir = await newDir();
    await cachedLogits(dir, key, () => Promise.resolve(answers));
    await expect(cachedLogits(dir, { ...key, teacher: 'cc' }, refuse)).rejects.toThrow(
      'asked the teacher again',
    );
  });

  it('replaces a damaged file and says why', async () => {
    const dir = await newDir();
    const { path } = await cachedLogits(dir, key, () => Promise.resolve(answers));
    await writeFile(path, 'not arrow');
    const again = await cachedLogits(dir, key, () => Promise.resolve(answers));
    expect(again.reused).toBe(false);
    expect(again.refused).toBe(
      `${path}: The file of teacher outputs is damaged. Delete it: it is computed anew.`,
    );
    expect(await cachedLogits(dir, key, refuse)).toMatchObject({ reused: true });
  });
});
