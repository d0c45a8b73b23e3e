import { createHash } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { createReadStream, createWriteStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DistillError, messageOf } from '@tfjs-distill/core';
import envPaths from 'env-paths';
import { unpackTar } from 'modern-tar/fs';
import { exists } from '../io/exists.js';

const ARCHIVE = {
  url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
  sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
  folder: 'cifar-10-batches-bin',
};

export interface DownloadOptions {
  /** Gets `cifar-10-batches-bin`. Default: `DISTILL_CACHE`/data, else the system's cache folder. */
  readonly cache?: string;
  readonly archive?: typeof ARCHIVE;
}

/**
 * The folder of CIFAR-10's binary files, downloaded once.
 *
 * The archive is unpacked only where its SHA-256 is right, into another folder that is renamed at the end: what is in
 * the cache is complete.
 *
 * @throws DistillError `DATA` if the archive cannot be fetched, is another one, or cannot be unpacked.
 */
export async function downloadCifar10({
  cache = dataDirectory(),
  archive = ARCHIVE,
}: DownloadOptions = {}): Promise<string> {
  const target = join(cache, archive.folder);
  if (await exists(target)) return target;
  const work = join(cache, `.cifar10-${process.pid}`);
  try {
    await mkdir(work, { recursive: true });
    const file = join(work, 'archive.tar.gz');
    const sha256 = await fetchTo(archive.url, file);
    if (sha256 !== archive.sha256) throw new Error(`its SHA-256 is ${sha256} instead of ${archive.sha256}`);
    await pipeline(createReadStream(file), createGunzip(), unpackTar(work));
    await rename(join(work, archive.folder), target);
    return target;
  } catch (cause) {
    throw new DistillError('DATA', `${archive.url} cannot be had: ${reasonOf(cause)}.`, {
      where: 'cifar10',
      hint: `Fetch it by other means, unpack it, and give the folder as \`path\`, or put it at ${target}.`,
      cause,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Writes what a URL gives into a file, and says its SHA-256. */
async function fetchTo(url: string, file: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
  const hash = createHash('sha256');
  const hashed = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(response.body, hashed, createWriteStream(file));
  return hash.digest('hex');
}

/** `fetch` hides the reason, such as an unknown host, in its error's cause. */
const reasonOf = (error: unknown): string => {
  const { cause } = error as { cause?: unknown };
  return cause === undefined ? messageOf(error) : `${messageOf(error)} (${messageOf(cause)})`;
};

const dataDirectory = (): string =>
  resolve(process.env['DISTILL_CACHE'] ?? envPaths('tfjs-distill', { suffix: '' }).cache, 'data');
