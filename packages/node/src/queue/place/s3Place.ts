import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DistillError, parseManifest, STORE_MANIFEST, type StoreManifest } from '@tfjs-distill/core';
import { existsAlready, type StoreTarget } from '../../label/StoreTarget.js';
import { s3Parts } from './placeAddress.js';
import { S3Bucket } from './S3Bucket.js';
import { bucketFiles } from './s3Files.js';
import { type ShardPlace } from './ShardPlace.js';

/**
 * Shards in object storage, beside the whole store: `<prefix>.shards/<labelling>/rows/<index>/<writer>/…` and, written
 * last and only if there is none, `…/whole/<index>.json`, which says whose rows count.
 */
export function s3Place(out: string, labelling: string, endpoint?: string): ShardPlace {
  const { bucket: name, prefix } = s3Parts(out);
  const bucket = new S3Bucket(name, endpoint);
  const own = `${prefix}.shards/${labelling}`;
  const announcement = `${own}/labelling`;
  const announced = async () => (await bucket.size(announcement)) !== undefined;
  const mark = (index: number) => `${own}/whole/${index}.json`;
  const rows = (index: number, writer: string) => `${own}/rows/${index}/${writer}`;
  return {
    name: out,
    pause: 5000,
    announce: () => bucket.put(announcement, new Uint8Array()),
    announced,
    completed: async () => {
      const marks = await bucket.list(`${own}/whole/`);
      return new Set(marks.map((key) => Number(/(\d+)\.json$/.exec(key)?.[1])));
    },
    has: async (index) => (await bucket.size(mark(index))) !== undefined,
    workFolder: () => mkdtemp(join(tmpdir(), 'distill-shard-')),
    complete: async (index, folder) => {
      const writer = randomUUID();
      const keys: string[] = [];
      for (const file of await readdir(folder)) {
        keys.push(`${rows(index, writer)}/${file}`);
        await bucket.put(keys.at(-1) as string, await readFile(join(folder, file)));
      }
      const over = !(await announced());
      const first = !over && (await bucket.putFirst(mark(index), Buffer.from(JSON.stringify({ writer }))));
      if (!first) await bucket.remove(keys);
      return first;
    },
    shard: async (index) => {
      const { writer } = (await readJson(bucket, mark(index))) as { writer: string };
      const folder = rows(index, writer);
      return bucketFiles(bucket, folder, `s3://${name}/${folder}`);
    },
    merged: () => manifestIn(bucket, prefix),
    target: bucketTarget(bucket, prefix, out),
    clear: async () => bucket.remove(await bucket.list(`${own}/`)),
  };
}

/** Rows first, then what makes them a store: it appears at once, and only where none is. */
function bucketTarget(bucket: S3Bucket, prefix: string, name: string): StoreTarget {
  return {
    name,
    begin: async () => {
      if ((await manifestIn(bucket, prefix)) !== undefined) throw existsAlready(name);
    },
    write: (file, bytes) => bucket.put(`${prefix}/${file}`, bytes),
    finish: async (manifest) => {
      const text = `${JSON.stringify(manifest, null, 2)}\n`;
      if (!(await bucket.putFirst(`${prefix}/${STORE_MANIFEST}`, Buffer.from(text))))
        throw existsAlready(name);
    },
  };
}

async function manifestIn(bucket: S3Bucket, prefix: string): Promise<StoreManifest | undefined> {
  const key = `${prefix}/${STORE_MANIFEST}`;
  if ((await bucket.size(key)) === undefined) return undefined;
  return parseManifest(await readJson(bucket, key));
}

async function readJson(bucket: S3Bucket, key: string): Promise<unknown> {
  const size = await bucket.size(key);
  if (size === undefined) throw new DistillError('DATA', 'There is no such object.', { where: key });
  const text = new TextDecoder().decode(await bucket.get(key, 0, size));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DistillError('DATA', 'The object is damaged.', { where: key, cause });
  }
}
