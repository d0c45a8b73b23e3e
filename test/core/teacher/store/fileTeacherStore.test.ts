import { createServer, type Server } from 'node:http';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dispose } from '@tensorflow/tfjs-core';
import {
  blobFiles,
  directoryFiles,
  fileTeacherStore,
  httpFiles,
  outputTensors,
  type StoredFiles,
  type TeacherStore,
} from '@tfjs-distill/core';
import { createTeacherStore } from '@tfjs-distill/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const IDS = [4, 0, 9, 2, 7, 100, 101, 55];
const SHARD = '00000001.arrow';
const logitsOf = (id: number) => [id, -id, id / 2];

type Files = Record<string, Uint8Array<ArrayBuffer>>;

/** A store of two rows a shard, each row its id's. */
async function written(): Promise<Files> {
  const folder = await mkdtemp(join(tmpdir(), 'distill-files-'));
  const header = { teacher: 'aa11', dataset: 'bb22', classes: 3, features: { hint: [2] } };
  const writer = await createTeacherStore(folder, header, { shardBytes: 2 * 24 });
  await writer.append({
    ids: Int32Array.from(IDS),
    logits: Float32Array.from(IDS.flatMap(logitsOf)),
    features: { hint: Float32Array.from(IDS.flatMap((id) => [id, id + 1])) },
  });
  await writer.close();
  const names = await readdir(folder);
  const entries = names.map(
    async (name) => [name, new Uint8Array(await readFile(join(folder, name)))] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

const asBlobs = (files: Files) =>
  blobFiles(Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, new Blob([bytes])])));

const asDirectory = (files: Files) =>
  directoryFiles({
    name: 'opfs',
    getFileHandle: (name) => {
      const bytes = files[name];
      if (bytes === undefined) return Promise.reject(new Error('NotFoundError'));
      return Promise.resolve({ getFile: () => Promise.resolve(new Blob([bytes])) });
    },
  });

async function rows(store: TeacherStore, ids: readonly number[]) {
  const outputs = await store.rows(Int32Array.from(ids), ['hint']);
  const values = [await outputs.logits.array(), await outputs.features['hint']?.array()];
  dispose(outputTensors(outputs));
  return values;
}

const truth = (ids: readonly number[]) => [ids.map(logitsOf), ids.map((id) => [id, id + 1])];

describe('a store of files that a page can read', () => {
  let files: Files;
  let server: Server;
  let requests: string[];
  let ranges = true;

  beforeAll(async () => {
    files = await written();
    server = createServer(({ url = '', headers: { range } }, response) => {
      requests.push(`${url} ${range ?? ''}`);
      const bytes = files[url.slice('/store/'.length)];
      const [, start, end] = /bytes=(\d+)-(\d+)/.exec(range ?? '') ?? [];
      if (bytes === undefined) return response.writeHead(404).end();
      if (!ranges || start === undefined) return response.end(bytes);
      response.setHeader('Content-Range', `bytes ${start}-${end}/${bytes.length}`);
      response.writeHead(206).end(bytes.subarray(Number(start), Number(end) + 1));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterAll(() => void server.close());
  const http = () => httpFiles(`http://127.0.0.1:${(server.address() as AddressInfo).port}/store`);

  const places: readonly (readonly [string, () => StoredFiles])[] = [
    ['HTTP', http],
    ['blobs', () => asBlobs(files)],
    ['a private directory', () => asDirectory(files)],
  ];

  describe.each(places)('over %s', (_, open) => {
    it.each([
      ['kept in memory', 1e6],
      ['kept in part', 1800],
      ['read as wanted', 0],
    ])('gives the rows of any ids, in any order, %s', async (_how, memory) => {
      [requests, ranges] = [[], true];
      const store = await fileTeacherStore(open(), { teacher: 'aa11' }, { memory });
      expect(store.size).toBe(IDS.length);
      for (const ids of [IDS, [101, 4, 101], [7]]) expect(await rows(store, ids)).toEqual(truth(ids));
      expect(() => store.rows(Int32Array.of(3))).toThrow(/sample 3/);
      store.dispose();
    });
  });

  it('asks a server for the rows that it needs and no others', async () => {
    [requests, ranges] = [[], true];
    const store = await fileTeacherStore(http(), {}, { memory: 0 });
    requests = [];
    await rows(store, [9, 2, 9]);
    expect(requests).toHaveLength(1); // one shard, neighbours together
    expect(requests[0]).toMatch(/00000001\.arrow bytes=\d+-\d+/);
    store.dispose();
  });

  it('works with a server that knows no ranges', async () => {
    [requests, ranges] = [[], false];
    const store = await fileTeacherStore(http(), {}, { memory: 0 });
    expect(await rows(store, [55, 0])).toEqual(truth([55, 0]));
    store.dispose();
  });

  it('refuses another teacher, and files that are missing, cut short, changed or of another version', async () => {
    const open = (changed: Files, memory = 1e6) =>
      fileTeacherStore(asBlobs({ ...files, ...changed }), {}, { memory });
    const shard = files[SHARD]!;
    await expect(fileTeacherStore(asBlobs(files), { teacher: 'cc33' })).rejects.toThrow(
      /teacher cc33, found aa11/,
    );
    await expect(fileTeacherStore(blobFiles({}))).rejects.toThrow(
      /store\.json: The file cannot be read: there is none/,
    );
    await expect(open({ 'store.json': new Uint8Array(3) })).rejects.toThrow(/damaged/);
    for (const memory of [1e6, 0]) {
      await expect(open({ [SHARD]: shard.slice(0, -1) }, memory)).rejects.toThrow(/truncated or damaged/);
      await expect(open({ [SHARD]: files['00000000.arrow']! }, memory)).rejects.toThrow(/does not belong/);
    }
    const flipped = shard.slice();
    flipped[200]! ^= 1;
    await expect(open({ [SHARD]: flipped })).rejects.toThrow(/truncated or damaged/);
  });

  it('says that the server has no such store, and that there is no network', async () => {
    [requests, ranges] = [[], true];
    await expect(fileTeacherStore(httpFiles(`${http().name}/none`))).rejects.toThrow(
      /the server answered 404/,
    );
    await expect(fileTeacherStore(httpFiles('http://127.0.0.1:1/store'))).rejects.toMatchObject({
      code: 'DATA',
    });
    await expect(fileTeacherStore(http(), {}, { memory: -1 })).rejects.toThrow(/Expected `memory`/);
  });
});
