import { type StoredFiles, type StoreManifest } from '@tfjs-distill/core';
import { type StoreTarget } from '../../label/StoreTarget.js';

/**
 * Where workers leave shards, and where the whole store comes to be. A shard is there whole or not at all, and once:
 * who comes second learns that.
 */
export interface ShardPlace {
  /** For people. */
  readonly name: string;
  /** Milliseconds between looks at what is there. */
  readonly pause: number;
  /** Makes the place known as this labelling's: only there a worker leaves shards, not in a folder that looks alike. */
  announce(): Promise<void>;
  announced(): Promise<boolean>;
  /** Indices of the shards that are whole. */
  completed(): Promise<ReadonlySet<number>>;
  has(index: number): Promise<boolean>;
  /** A new folder to write a shard into. */
  workFolder(index: number): Promise<string>;
  /** Puts what was written into a work folder there as a shard. @returns Whether it was the first. */
  complete(index: number, folder: string): Promise<boolean>;
  /** The files of a shard that is whole. */
  shard(index: number): Promise<StoredFiles>;
  /** The whole store, if it is there. */
  merged(): Promise<StoreManifest | undefined>;
  /** Where to put the whole store. */
  readonly target: StoreTarget;
  /** Removes all shards. */
  clear(): Promise<void>;
}
