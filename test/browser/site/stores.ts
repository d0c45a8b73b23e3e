import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import {
  blobFiles,
  directoryFiles,
  fileTeacherStore,
  httpFiles,
  parseManifest,
  STORE_MANIFEST,
  type StoredFiles,
} from '@tfjs-distill/core';
import { createStore, entries, keys, setMany } from 'idb-keyval';
import { LABELS_ASKED, type StoreAnswers } from './StoreAnswers.js';

const ADDRESS = '/labels';
const FOLDER = 'labels';
const DATABASE = createStore('labels', 'files');
/** Reads a teacher's stored logits over HTTP, and from what this browser keeps: fills that first, if it is empty. */
export async function readStores(): Promise<StoreAnswers> {
  await setBackend('cpu');
  const kept = (await keys(DATABASE)).length > 0;
  if (!kept) await keep(await downloaded());
  const root = await navigator.storage.getDirectory();
  const places: Readonly<Record<string, StoredFiles>> = {
    http: httpFiles(ADDRESS),
    indexedDb: blobFiles(Object.fromEntries(await entries<string, Blob>(DATABASE))),
    opfs: directoryFiles(await root.getDirectoryHandle(FOLDER)),
  };
  const logits: Record<string, readonly number[]> = {};
  for (const [place, files] of Object.entries(places)) {
    logits[place] = await read(files, 2 ** 20);
    logits[`${place}, by parts`] = await read(files, 0);
  }
  return { kept, logits };
}

async function read(files: StoredFiles, memory: number): Promise<readonly number[]> {
  const store = await fileTeacherStore(files, { teacher: 'aa11' }, { memory });
  const { logits } = await store.rows(Int32Array.from(LABELS_ASKED));
  const values = [...(await logits.data())];
  logits.dispose();
  store.dispose();
  return values;
}

async function downloaded(): Promise<Record<string, Blob>> {
  const download = async (file: string) => (await fetch(`${ADDRESS}/${file}`)).blob();
  const manifest = await download(STORE_MANIFEST);
  const { shards = [] } = parseManifest(JSON.parse(await manifest.text()));
  const blobs: Record<string, Blob> = { [STORE_MANIFEST]: manifest };
  for (const { file } of shards) blobs[file] = await download(file);
  return blobs;
}

/** In IndexedDB and in the private file system. */
async function keep(blobs: Readonly<Record<string, Blob>>): Promise<void> {
  await setMany(Object.entries(blobs), DATABASE);
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(FOLDER, { create: true });
  for (const [name, blob] of Object.entries(blobs)) {
    const file = await folder.getFileHandle(name, { create: true });
    const writable = await file.createWritable();
    await writable.write(blob);
    await writable.close();
  }
}
