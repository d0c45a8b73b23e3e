import { type FileHandle, open } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import yauzl from 'yauzl';
import {
  DistillError,
  messageOf,
  product,
  type StoreHeaderInput,
  storeHeader,
  type StoreHeader,
} from '@tfjs-distill/core';
import { createTeacherStore, type WriteOptions } from './createTeacherStore.js';
import { type ByteSource, npyArray, type NpyArray } from './npyArray.js';

/** Rows read at a time. */
const BLOCK = 1024;

/**
 * Makes a store of logits that another program saved with NumPy.
 *
 * @param file `.npy`: logits `[samples, …positions, classes]`, the ids are 0, 1, … in order. `.npz`: such an array
 *   `logits`, optionally `ids` `[samples]`, and one array for each of the header's features, by its name; its arrays
 *   are unpacked in memory. Numbers of 16, 32 or 64 bits.
 * @param folder Of the store; goes on where an interrupted import ended.
 * @param input Of what the logits are, and how to store them.
 * @throws DistillError `DATA` if the file is missing, damaged or lacks an array, `SHAPE` if an array does not fit the
 *   header; else as `createTeacherStore`.
 * @example
 * await importNumpy('logits.npz', 'labels/mnist', { classes: 10, teacher: 'resnet50', dataset: 'mnist' });
 */
export async function importNumpy(
  file: string,
  folder: string,
  input: StoreHeaderInput,
  options: WriteOptions = {},
): Promise<void> {
  const header = storeHeader(input);
  const { arrays, close } = await openArrays(file);
  try {
    const { logits, ids, features } = checkedArrays(arrays, header, file);
    const samples = logits.shape[0] ?? 0;
    const allIds = ids
      ? Int32Array.from(await ids.rows(0, samples))
      : Int32Array.from({ length: samples }, (_, i) => i);
    const writer = await createTeacherStore(folder, header, options);
    for (let from = 0; from < samples; from += BLOCK) {
      const block = allIds.subarray(from, from + BLOCK);
      const fresh = writer.missing(block);
      if (fresh.length === 0) continue;
      const places = fresh.map((id) => from + block.indexOf(id));
      await writer.append({
        ids: fresh,
        logits: await rowsAt(logits, places),
        features: Object.fromEntries(
          await Promise.all(
            features.map(async ([name, array]) => [name, await rowsAt(array, places)] as const),
          ),
        ),
      });
    }
    await writer.close();
  } finally {
    await close();
  }
}

/** Places are ascending and near to one another: one read, then the rows among it. */
async function rowsAt(array: NpyArray, places: Int32Array): Promise<Float32Array> {
  const [first = 0, last = 0] = [places[0], places.at(-1)];
  const all = await array.rows(first, last + 1);
  const width = product(array.shape.slice(1));
  const rows = new Float32Array(places.length * width);
  places.forEach((place, i) =>
    rows.set(all.subarray((place - first) * width, (place - first + 1) * width), i * width),
  );
  return rows;
}

type Arrays = ReadonlyMap<string, NpyArray>;

function checkedArrays(arrays: Arrays, header: StoreHeader, file: string) {
  const logits = arrayNamed(arrays, 'logits', file);
  const samples = logits.shape[0] ?? 0;
  assertShape('logits', logits, [samples, ...header.positions, header.classes], file);
  const ids = arrays.get('ids');
  if (ids) assertShape('ids', ids, [samples], file);
  const features = Object.entries(header.features).map(([name, shape]) => {
    const array = arrayNamed(arrays, name, file);
    assertShape(name, array, [samples, ...shape], file);
    return [name, array] as const;
  });
  return { logits, ids, features };
}

function arrayNamed(arrays: Arrays, name: string, where: string): NpyArray {
  const array = arrays.get(name);
  if (array !== undefined) return array;
  const message = `Expected an array \`${name}\`, found ${[...arrays.keys()].join(', ') || 'none'}.`;
  throw new DistillError('DATA', message, { where });
}

function assertShape(name: string, { shape }: NpyArray, wanted: readonly number[], where: string): void {
  if (shape.join() === wanted.join()) return;
  const message = `Expected \`${name}\` to be of shape [${wanted.join(', ')}], found [${shape.join(', ')}].`;
  throw new DistillError('SHAPE', message, { where });
}

interface OpenArrays {
  readonly arrays: Arrays;
  readonly close: () => Promise<void>;
}

async function openArrays(file: string): Promise<OpenArrays> {
  try {
    if (file.endsWith('.npz')) return { arrays: await readNpz(file), close: () => Promise.resolve() };
    const handle = await open(file, 'r');
    const array = await npyArray(await fileSource(file, handle)).catch(async (error: unknown) => {
      await handle.close();
      throw error;
    });
    return { arrays: new Map([['logits', array]]), close: () => handle.close() };
  } catch (cause) {
    if (cause instanceof DistillError) throw cause;
    throw new DistillError('DATA', `The file cannot be read: ${messageOf(cause)}.`, { where: file, cause });
  }
}

async function fileSource(name: string, handle: FileHandle): Promise<ByteSource> {
  const { size } = await handle.stat();
  return {
    name,
    size,
    read: async (position, length) => {
      const bytes = new Uint8Array(length);
      await handle.read(bytes, 0, length, position);
      return bytes;
    },
  };
}

/** The arrays of a `.npz` file, by name. */
export async function readNpz(file: string): Promise<Arrays> {
  const zip = await yauzl.openPromise(file, { lazyEntries: true, autoClose: false });
  try {
    const arrays = new Map<string, NpyArray>();
    for await (const entry of zip.eachEntry()) {
      const bytes = await buffer(await zip.openReadStreamPromise(entry));
      const read = (position: number, length: number) =>
        Promise.resolve(bytes.subarray(position, position + length));
      const source = { name: `${file}: ${entry.fileName}`, size: bytes.length, read };
      arrays.set(entry.fileName.replace(/\.npy$/, ''), await npyArray(source));
    }
    return arrays;
  } finally {
    zip.close();
  }
}
