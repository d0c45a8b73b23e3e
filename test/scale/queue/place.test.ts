import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { fileTeacherStore, type StoredFiles } from '@tfjs-distill/core';
import { createTeacherStore, folderFiles, mergeStoredShards } from '@tfjs-distill/node';
import { s3Files } from '@tfjs-distill/node/queue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeShardNote } from '../../../packages/node/src/label/shardNote.js';
import { openPlace } from '../../../packages/node/src/queue/place/openPlace.js';
import { type ShardPlace } from '../../../packages/node/src/queue/place/ShardPlace.js';
import { type S3Server, s3Server, withoutS3Server } from './s3Server.js';
import { storedRows } from './storedRows.js';

const noS3 = await withoutS3Server();
const why = noS3 === undefined ? '' : ` (skipped: ${noS3})`;
const SIZE = 10;
let folder: string;
let server: S3Server | undefined;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'distill-place-'));
  if (noS3 !== undefined) return;
  server = await s3Server();
  Object.assign(process.env, server.env);
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true });
});

/** Writes shard 1 or 2 of 20 samples into a folder; every logit is `value`. */
async function written(place: ShardPlace, index: number, value: number): Promise<string> {
  const work = await place.workFolder(index);
  const writer = await createTeacherStore(work, { classes: 2, teacher: 't', dataset: 'd' });
  const ids = Int32Array.from({ length: SIZE }, (_, i) => SIZE * (index - 1) + i);
  await writer.append({ ids, logits: new Float32Array(2 * SIZE).fill(value) });
  await writer.close();
  await writeShardNote(work, { index, count: 2, samples: 2 * SIZE, own: SIZE });
  return work;
}

/** As a labelling does when all shards are there. */
async function merged(place: ShardPlace): Promise<void> {
  await mergeStoredShards([await place.shard(1), await place.shard(2)], place.target);
}

const kinds = [
  { kind: 'a shared folder', skip: false, at: (name: string) => path.join(folder, name), title: '' },
  {
    kind: 'object storage',
    skip: noS3 !== undefined,
    at: (name: string) => `s3://labels/${name}`,
    title: why,
  },
] as const;
const filesAt = (out: string): StoredFiles => (out.startsWith('s3:') ? s3Files(out) : folderFiles(out));

describe.each(kinds)('shards in $kind', ({ skip, at, title }) => {
  const place = async (name: string) => {
    const opened = await openPlace(
      { out: at(name), ...(at('').startsWith('s3') && { endpoint: server!.endpoint }) },
      'aa',
    );
    await opened.announce();
    return opened;
  };
  const test = (name: string, action: () => Promise<void>) => it.skipIf(skip)(`${name}${title}`, action);

  test('are known once they are whole, and make a store', async () => {
    const shards = await place('whole');
    expect(await shards.announced()).toBe(true);
    expect(await shards.completed()).toEqual(new Set());
    expect(await shards.has(1)).toBe(false);
    for (const index of [2, 1])
      expect(await shards.complete(index, await written(shards, index, index))).toBe(true);
    expect(await shards.completed()).toEqual(new Set([1, 2]));
    expect(await shards.has(1)).toBe(true);
    expect(await shards.merged()).toBeUndefined();
    await merged(shards);
    expect((await shards.merged())?.shards).toHaveLength(2);
    await shards.clear();
    expect(await shards.completed()).toEqual(new Set());
    expect(await shards.announced()).toBe(false);
    const rows = await storedRows(await fileTeacherStore(filesAt(at('whole'))), 2 * SIZE);
    expect([rows[0], rows[2 * SIZE]]).toEqual([1, 2]);
    await expect(shards.target.begin()).rejects.toThrow(/whole exists already/);
    await expect(merged(shards)).rejects.toMatchObject({ code: 'DATA' }); // its shards are gone
  });

  test('count once, of whoever is first, however many come at the same time', async () => {
    const shards = await place('race');
    const works = await Promise.all([3, 4, 5, 6, 7].map((value) => written(shards, 1, value)));
    const first = await Promise.all(works.map((work) => shards.complete(1, work)));
    expect(first.filter(Boolean)).toHaveLength(1);
    await shards.complete(2, await written(shards, 2, 9));
    await merged(shards);
    const rows = await storedRows(await fileTeacherStore(filesAt(at('race'))), 2 * SIZE);
    expect(rows[0]).toBe([3, 4, 5, 6, 7][first.indexOf(true)]);
  });

  test('are not there for a labelling that is over', async () => {
    const shards = await place('over');
    const work = await written(shards, 1, 1);
    await shards.clear();
    const late = await shards.complete(1, work).catch(() => false);
    expect({ late, there: await shards.has(1) }).toEqual({ late: false, there: false });
  });
});

describe('a half-written shard', () => {
  it('in a shared folder has not its name yet: nobody takes it for one', async () => {
    const shards = await openPlace({ out: path.join(folder, 'half') }, 'aa');
    await shards.announce();
    const work = await written(shards, 1, 1);
    await rm(path.join(work, 'store.json'));
    expect(await readdir(path.join(folder, 'half.shards', 'aa'))).toHaveLength(1);
    expect(await shards.completed()).toEqual(new Set());
  });

  it('that got its name by a broken disk is refused by its checksum, and no store appears', async () => {
    const shards = await openPlace({ out: path.join(folder, 'broken') }, 'aa');
    await shards.announce();
    for (const index of [1, 2]) await shards.complete(index, await written(shards, index, index));
    const file = path.join(folder, 'broken.shards', 'aa', '2', '00000000.arrow');
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, bytes.length >> 1));
    await expect(merged(shards)).rejects.toThrow(/truncated or damaged/);
    expect(await shards.merged()).toBeUndefined();
  });

  it.skipIf(noS3 !== undefined)(`in object storage is refused, whatever is missing of it${why}`, async () => {
    const shards = await openPlace({ out: 's3://labels/half', endpoint: server!.endpoint }, 'aa');
    await shards.announce();
    for (const index of [1, 2]) await shards.complete(index, await written(shards, index, index));
    const { client, bucket: Bucket } = server!;
    const { Contents = [] } = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'half.shards/aa/rows/2/' }),
    );
    const Key = Contents.map(({ Key }) => Key).find((key) => key?.endsWith('.arrow'));
    const object = { Bucket, Key };
    const { Body } = await client.send(new GetObjectCommand(object));
    const bytes = (await Body?.transformToByteArray()) as Uint8Array;
    bytes[200]! ^= 1;
    await client.send(new PutObjectCommand({ ...object, Body: bytes }));
    await expect(merged(shards)).rejects.toThrow(/truncated or damaged/);
    await client.send(new DeleteObjectCommand(object));
    await expect(merged(shards)).rejects.toThrow(/cannot be read: there is none/);
    expect(await shards.merged()).toBeUndefined();
  });
});
