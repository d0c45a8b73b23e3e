import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * A short name for the contents of a file, or of all files of a folder: the first 16 hex digits of a SHA-256.
 *
 * @param place A file or a folder; what the files of a folder are called counts, where the folder lies does not.
 */
export async function fileFingerprint(place: string): Promise<string> {
  const isFolder = (await stat(place)).isDirectory();
  const files = isFolder ? await filesIn(place) : [path.basename(place)];
  const root = isFolder ? place : path.dirname(place);
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${isFolder ? file : ''}:`);
    await pipeline(createReadStream(path.join(root, file)), hash, { end: false });
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}
