import { appendFile, copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dispose } from '@tensorflow/tfjs-core';
import { cachedTeacherStore, createTeacherStore, openTeacherStore } from '@tfjs-distill/node';
import {
  outputTensors,
  type StoreHeader,
  type StoreHeaderInput,
  storeHeader,
  type TeacherRows,
  type TeacherStore,
} from '@tfjs-distill/core';
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mutants } from './mutants.js';

const header: StoreHeaderInput = { teacher: 'aa11', dataset: 'bb22', classes: 3 };
const newFolder = () => mkdtemp(join(tmpdir(), 'distill-store-'));
const SHARD = '00000000.arrow';

/** Outputs that say whose they are. */
function rowsOf(ids: readonly number[]): TeacherRows {
  return { ids: Int32Array.from(ids), logits: Float32Array.from(ids.flatMap((id) => [id, -id, id / 2])) };
}

async function logits(store: TeacherStore, ids: readonly number[]): Promise<unknown> {
  const outputs = await store.rows(Int32Array.from(ids));
  const values = await outputs.logits.array();
  dispose(outputTensors(outputs));
  return values;
}

const truth = (ids: readonly number[]) => ids.map((id) => [id, -id, id / 2].map(Math.fround));

/** A store of the ids, two rows a shard. */
async function written(ids: readonly number[] = [4, 0, 9, 2, 7], input = header): Promise<string> {
  const folder = await newFolder();
  const writer = await createTeacherStore(folder, input, { shardBytes: 2 * 16 });
  await writer.append(rowsOf(ids));
  await writer.close();
  return folder;
}

describe('a store on disk', () => {
  it.each([
    ['in memory', 1e6],
    ['partly in memory', 1500],
    ['on disk', 0],
  ])('gives the rows of any ids, in any order and number, kept %s', async (_, memory) => {
    const ids = [4, 0, 9, 2, 7, -3, 2 ** 31 - 1];
    const store = await openTeacherStore(await written(ids), {}, { memory });
    const asked = fc.array(fc.constantFrom(...ids), { minLength: 1, maxLength: 20 });
    const property = fc.asyncProperty(asked, async (some) => {
      expect(await logits(store, some)).toEqual(truth(some));
    });
    await fc.assert(property, { numRuns: 30 });
    expect(store.size).toBe(7);
    store.dispose();
  });

  it('reads ahead what it was told of, other ids as well', async () => {
    const store = await openTeacherStore(await written(), {}, { memory: 0 });
    const [told, other] = [Int32Array.of(9, 4), Int32Array.of(7)];
    store.prefetch?.(told);
    store.prefetch?.(Int32Array.of(5)); // not stored: an error of its own rows only
    expect(await (await store.rows(other)).logits.array()).toEqual(truth([7]));
    expect(await (await store.rows(told)).logits.array()).toEqual(truth([9, 4]));
    store.dispose();
  });

  it('is a table of any reader of Arrow', async () => {
    const input = { ...header, kind: 'topK', k: 2, dtype: 'float16', temperature: 4 } as const;
    const folder = await written([5, 6], input);
    const table = tableFromIPC(await readFile(join(folder, SHARD))); // stops where the stream ends
    expect(table.schema.fields.map(String)).toEqual([
      'id: Int32',
      'classes: FixedSizeList[2]<Uint16>',
      'logProbs: FixedSizeList[2]<Float16>',
      'tail: FixedSizeList[1]<Float32>',
    ]);
    expect([...(table.getChild('id') ?? [])]).toEqual([5, 6]);
    expect(JSON.parse(table.schema.metadata.get('tfjs-distill') ?? '')).toEqual(storeHeader(input));
  });
});

describe('openTeacherStore refuses', () => {
  it.each<[keyof StoreHeader, unknown, string]>([
    ['teacher', 'cc', 'aa11'],
    ['dataset', 'dd', 'bb22'],
    ['classes', 4, '3'],
    ['temperature', 2, '1'],
    ['augmentation', 'affine', 'none'],
    ['kind', 'topK', 'logits'],
    ['dtype', 'float16', 'float32'],
    ['features', { hint: [1] }, '{}'],
  ])('another %s, and names both', async (name, value, found) => {
    const folder = await written();
    const said = typeof value === 'string' ? value : JSON.stringify(value);
    await expect(openTeacherStore(folder, { [name]: value })).rejects.toThrow(
      `${folder}: Expected stored teacher outputs with ${name} ${said}, found ${found}.`,
    );
  });

  it('a folder without a store, and an unfinished one', async () => {
    const folder = await newFolder();
    await expect(openTeacherStore(folder)).rejects.toThrow(/Expected a folder of stored teacher outputs/);
    const writer = await createTeacherStore(folder, header);
    await writer.append(rowsOf([1]));
    await expect(openTeacherStore(folder)).rejects.toThrow(
      /interrupted: the store is unfinished. Start it again/,
    );
    await writer.close();
    expect((await openTeacherStore(folder)).size).toBe(1);
  });

  it('samples that it does not have', async () => {
    const store = await openTeacherStore(await written());
    await expect(async () => store.rows(Int32Array.of(4, 5, 6))).rejects.toThrow(
      /Expected a stored output for sample 5 \(and 1 more of this batch\), found none. 5 samples are stored/,
    );
    expect(store.has(Int32Array.of(4, 9))).toBe(true);
    expect(store.has(Int32Array.of(4, 5))).toBe(false);
  });

  it('a shard that is missing, foreign, another store’s, or twice there', async () => {
    const [one, other] = [await written(), await written([1, 2, 3, 5, 6])];
    await copyFile(join(other, SHARD), join(one, SHARD));
    await expect(openTeacherStore(one)).rejects.toThrow(`${join(one, SHARD)}: The file does not belong`);
    await copyFile(join(other, SHARD), join(other, '00000009.arrow'));
    await expect(openTeacherStore(other)).rejects.toThrow(/00000009.arrow: The file does not belong/);
    await rm(join(one, SHARD));
    await expect(openTeacherStore(one)).rejects.toThrow(`${join(one, SHARD)}: The file is missing.`);
  });

  it('every file that is damaged in any way, and never gives a wrong row', async () => {
    await mutants(await written(), { runs: 400, seed: 1 });
  });
});

describe('createTeacherStore', () => {
  it('goes on with what a killed process left, from the last whole record', async () => {
    const folder = await newFolder();
    const first = await createTeacherStore(folder, header, { shardBytes: 3 * 16 });
    for (const ids of [[1, 2], [3, 4], [5]]) await first.append(rowsOf(ids)); // a shard, and 4 and 5 in the journal
    await appendFile(join(folder, 'unfinished.rows'), Buffer.from([9, 0, 0, 0, 1, 2])); // torn in the middle
    await writeFile(join(folder, '00000001.arrow.1234567'), 'torn');
    const second = await createTeacherStore(folder, header, { shardBytes: 3 * 16 });
    expect(second.size).toBe(5);
    expect([...second.missing(Int32Array.of(7, 5, 6, 1))]).toEqual([7, 6]);
    await second.append(rowsOf([7, 6]));
    await second.close();
    expect((await readdir(folder)).sort()).toEqual([
      '00000000.arrow',
      '00000001.arrow',
      '00000002.arrow',
      'store.json',
    ]);
    const store = await openTeacherStore(folder);
    expect(await logits(store, [7, 6, 5, 4, 3, 2, 1])).toEqual(truth([7, 6, 5, 4, 3, 2, 1]));
  });

  it('keeps, cut off at any byte of its journal, every record before', async () => {
    const folder = await newFolder();
    const writer = await createTeacherStore(folder, header);
    const journal = join(folder, 'unfinished.rows');
    const ends: number[] = [0];
    for (const ids of [[1], [2, 3], [4]]) {
      await writer.append(rowsOf(ids));
      ends.push((await readFile(journal)).length);
    }
    const bytes = await readFile(journal);
    const near = ends.flatMap((end) => [end - 1, end, end + 1, end + 7, end + 8, end + 20]);
    for (const length of near.filter((at) => at >= 0 && at <= bytes.length)) {
      const copy = await newFolder();
      await copyFile(join(folder, 'store.json'), join(copy, 'store.json'));
      await writeFile(join(copy, 'unfinished.rows'), bytes.subarray(0, length));
      const resumed = await createTeacherStore(copy, header);
      const records = ends.filter((end) => end <= length).length - 1;
      expect(resumed.size).toBe([0, 1, 3, 4][records]);
    }
  });

  it('takes rows once that were in journal and shard when it was killed', async () => {
    const folder = await newFolder();
    const writer = await createTeacherStore(folder, header, { shardBytes: 3 * 16 });
    await writer.append(rowsOf([1, 2]));
    await copyFile(join(folder, 'unfinished.rows'), join(folder, 'before'));
    await writer.append(rowsOf([3]));
    await copyFile(join(folder, 'before'), join(folder, 'unfinished.rows')); // killed before it was emptied
    const again = await createTeacherStore(folder, header, { shardBytes: 3 * 16 });
    expect(again.size).toBe(3);
    await again.close();
    expect((await openTeacherStore(folder)).size).toBe(3);
  });

  it('adds to a store that was whole', async () => {
    const folder = await written([1, 2]);
    const writer = await createTeacherStore(folder, header);
    await writer.append(rowsOf([3]));
    await expect(openTeacherStore(folder)).rejects.toThrow(/unfinished/);
    await writer.close();
    expect(await logits(await openTeacherStore(folder), [3, 1])).toEqual(truth([3, 1]));
  });

  it('refuses a folder of another teacher, samples that come twice, and a damaged shard', async () => {
    const folder = await written([1, 2]);
    await expect(createTeacherStore(folder, { ...header, teacher: 'cc' })).rejects.toThrow(
      /with teacher cc, found aa11/,
    );
    const writer = await createTeacherStore(folder, header);
    await expect(writer.append(rowsOf([3, 1]))).rejects.toThrow(/another one for sample 1/);
    await expect(writer.append(rowsOf([3, 4, 3]))).rejects.toThrow(/another one for sample 3/);
    await writer.close();
    await truncate(join(folder, SHARD), 100);
    await expect(createTeacherStore(folder, header)).rejects.toThrow(
      /truncated or damaged. Delete it and label again/,
    );
  });

  it('says which folder cannot be written', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, 'file'), '');
    await expect(createTeacherStore(join(folder, 'file', 'store'), header)).rejects.toMatchObject({
      code: 'DATA',
    });
    await expect(createTeacherStore(folder, header, { shardBytes: 0 })).rejects.toThrow(/`shardBytes`/);
  });
});

describe('cachedTeacherStore', () => {
  const ids = Int32Array.of(1, 2, 3);
  const asked: number[][] = [];
  async function* ask(missing: Int32Array) {
    asked.push([...missing]);
    for (const id of missing) yield rowsOf([id]);
  }

  it('asks once, goes on where it was interrupted, and replaces what is damaged', async () => {
    asked.length = 0;
    const folder = await newFolder();
    async function* dies(missing: Int32Array) {
      yield* [rowsOf([missing[0] ?? 0])];
      throw new Error('killed');
    }
    await expect(cachedTeacherStore(folder, header, ids, dies)).rejects.toThrow('killed');
    const first = await cachedTeacherStore(folder, header, ids, ask);
    expect(first).toMatchObject({ reused: false });
    expect((await cachedTeacherStore(folder, header, ids, ask)).reused).toBe(true);
    expect(asked).toEqual([[2, 3]]);
    await truncate(join(first.path, SHARD), 200);
    const third = await cachedTeacherStore(folder, header, ids, ask);
    expect(third.refused).toMatch(/truncated or damaged/);
    expect(await logits(third.store, [3])).toEqual(truth([3]));
    expect(asked).toEqual([
      [2, 3],
      [1, 2, 3],
    ]);
    expect((await cachedTeacherStore(folder, { ...header, teacher: 'cc' }, ids, ask)).reused).toBe(false);
    await writeFile(join(third.path, 'store.json'), JSON.stringify({ header: third.store.header })); // unfinished
    await truncate(join(third.path, SHARD), 200);
    expect((await cachedTeacherStore(folder, header, ids, ask)).refused).toMatch(/truncated or damaged/);
  });
});
