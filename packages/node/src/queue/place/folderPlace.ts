import { mkdir, mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../io/exists.js';
import { folderFiles } from '../../label/folderFiles.js';
import { folderTarget } from '../../label/StoreTarget.js';
import { readManifest, writing } from '../../store/storeFolder.js';
import { type ShardPlace } from './ShardPlace.js';

const SHARD = /^\d+$/;

/**
 * Shards in a folder that all workers see: beside the whole store, in `<out>.shards/<labelling>/<index>`. One is written
 * beside its name and renamed once all of it is on disk; file systems rename a folder at once, and only the first.
 */
export function folderPlace(out: string, labelling: string): ShardPlace {
  const shards = `${out}.shards`;
  const own = join(shards, labelling);
  const folderOf = (index: number) => join(own, String(index));
  const has = (index: number) => exists(folderOf(index));
  return {
    name: out,
    pause: 1000,
    announce: () => writing(own, () => mkdir(own, { recursive: true })),
    announced: () => exists(own),
    completed: async () => {
      const names = await readdir(own).catch(emptyIfMissing);
      return new Set(names.filter((name) => SHARD.test(name)).map(Number));
    },
    has,
    workFolder: async (index) => {
      let folder = '';
      await writing(own, async () => (folder = await mkdtemp(join(own, `unfinished-${index}-`))));
      return folder;
    },
    complete: async (index, folder) => {
      try {
        await writing(own, () => rename(folder, folderOf(index)));
        return true;
      } catch (error) {
        if (await has(index)) return false;
        throw error;
      }
    },
    shard: (index) => Promise.resolve(folderFiles(folderOf(index))),
    merged: () => readManifest(out),
    target: folderTarget(out),
    clear: async () => {
      await rm(own, { recursive: true, force: true });
      await rmdir(shards).catch(() => undefined); // another labelling has shards there
    },
  };
}

function emptyIfMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
