import { mkdir, rename, rm } from 'node:fs/promises';
import { DistillError, type StoreManifest } from '@tfjs-distill/core';
import { exists } from '../io/exists.js';
import { writeManifest, writeShard, writing } from '../store/storeFolder.js';

/** Where a store comes to be, all at once: nobody sees it before `finish`. */
export interface StoreTarget {
  /** For people: a folder, an address. */
  readonly name: string;
  /** @throws DistillError `DATA` if there is something already. */
  begin(): Promise<void>;
  /** Writes a file of rows; it is on disk when the promise is kept. */
  write(file: string, bytes: Uint8Array): Promise<void>;
  /** Makes the store appear. */
  finish(manifest: StoreManifest): Promise<void>;
}

/** A store in a new folder: written beside it, then renamed. */
export function folderTarget(out: string): StoreTarget {
  const unfinished = `${out}.merging`;
  return {
    name: out,
    begin: async () => {
      if (await exists(out)) throw existsAlready(out);
      await writing(out, async () => {
        await rm(unfinished, { recursive: true, force: true });
        await mkdir(unfinished, { recursive: true });
      });
    },
    write: (file, bytes) => writeShard(unfinished, file, bytes),
    finish: async (manifest) => {
      await writeManifest(unfinished, manifest);
      await writing(out, () => rename(unfinished, out));
    },
  };
}

export const existsAlready = (out: string): DistillError =>
  new DistillError('DATA', `${out} exists already.`, { hint: 'Give a new folder for the whole store.' });
