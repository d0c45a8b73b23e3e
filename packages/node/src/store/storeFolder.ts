import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DistillError,
  messageOf,
  openShard,
  parseManifest,
  type Shard,
  SHARD_FILE,
  STORE_MANIFEST,
  type StoreManifest,
} from '@tfjs-distill/core';
import writeFileAtomic from 'write-file-atomic';

export const JOURNAL = 'unfinished.rows';

export function shardName(number: number): string {
  return `${String(number).padStart(8, '0')}.arrow`;
}

/** Names of the shards, in order. */
export async function shardFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => SHARD_FILE.test(name)).sort();
}

/** @returns The bytes too: whoever opens a shard may want to keep them. */
export async function readShard(
  folder: string,
  file: string,
): Promise<{ readonly shard: Shard; readonly bytes: Uint8Array }> {
  const path = join(folder, file);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new DistillError('DATA', `The file cannot be read: ${messageOf(cause)}.`, { where: path, cause });
  });
  return { shard: await openShard(bytes, path), bytes };
}

/** @returns `undefined` if the folder holds no store. */
export async function readManifest(folder: string): Promise<StoreManifest | undefined> {
  const path = join(folder, STORE_MANIFEST);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DistillError('DATA', `The file cannot be read: ${messageOf(cause)}.`, { where: path, cause });
  });
  if (text === undefined) return undefined;
  try {
    return parseManifest(JSON.parse(text));
  } catch (cause) {
    const hint = 'Delete the folder and label again.';
    throw new DistillError('DATA', 'The file is damaged.', { where: path, hint, cause });
  }
}

export async function writeManifest(folder: string, manifest: StoreManifest): Promise<void> {
  await writing(folder, async () => {
    await mkdir(folder, { recursive: true });
    await writeFileAtomic(join(folder, STORE_MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  });
}

export async function writeShard(folder: string, file: string, bytes: Uint8Array): Promise<void> {
  await writing(folder, () =>
    writeFileAtomic(join(folder, file), Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)),
  );
}

/** What the disk refuses becomes one of our errors. */
export async function writing(where: string, action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (cause) {
    throw new DistillError('DATA', `It cannot be written: ${messageOf(cause)}.`, {
      where,
      cause,
    });
  }
}
