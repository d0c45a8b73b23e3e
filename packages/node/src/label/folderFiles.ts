import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DistillError, messageOf, type StoredFiles } from '@tfjs-distill/core';

/**
 * A store in a folder on disk, its files read in parts.
 *
 * @param folder What `createTeacherStore` or `distill label` wrote.
 * @returns Files; nothing is kept open. `open` and `read` throw DistillError `DATA` where there is no such file, or it
 *   ends too early.
 * @example
 * const file = await folderFiles('labels').open('store.json');
 * const bytes = await file.read(0, file.size);
 */
export function folderFiles(folder: string): StoredFiles {
  return {
    name: folder,
    open: async (file) => {
      const path = join(folder, file);
      const { size } = await stat(path).catch((cause: unknown) => {
        throw unreadable(path, cause);
      });
      return { size, read: (start, end) => readPart(path, start, end) };
    },
  };
}

async function readPart(path: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - start);
  const file = await open(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    if (bytesRead < bytes.length) throw new RangeError(`it ends ${bytes.length - bytesRead} bytes early`);
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    await file.close();
  }
  return bytes;
}

const unreadable = (where: string, cause: unknown) =>
  new DistillError('DATA', `The file cannot be read: ${messageOf(cause)}.`, { where, cause });
