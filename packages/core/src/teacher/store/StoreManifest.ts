import { storeHeader, type StoreHeader } from './StoreHeader.js';

/**
 * A store in files is a folder:
 *
 * - `store.json`: what it holds, and once it is whole, its shards;
 * - `00000000.arrow` …: the shards, each whole or absent;
 * - `unfinished.rows`: rows that do not fill a shard yet.
 */
export interface StoreManifest {
  readonly header: StoreHeader;
  /** Every sample is stored. Left out while the store is being filled. */
  readonly shards?: readonly ShardEntry[];
}

export interface ShardEntry {
  readonly file: string;
  readonly samples: number;
  /** SHA-256 of the shard, in hex. */
  readonly digest: string;
}

export const STORE_MANIFEST = 'store.json';
export const SHARD_FILE = /^\d{8}\.arrow$/;

/** @throws If the value is no manifest. */
export function parseManifest(value: unknown): StoreManifest {
  const { header, shards } = value as StoreManifest;
  const known = (shards ?? []).every(
    ({ file, samples, digest }) =>
      SHARD_FILE.test(file) && Number.isInteger(samples) && typeof digest === 'string',
  );
  if (!known) throw new TypeError('A shard is not described.');
  return { header: storeHeader(header), ...(shards && { shards }) };
}
