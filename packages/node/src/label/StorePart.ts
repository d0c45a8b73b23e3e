import {
  DistillError,
  parseManifest,
  type ShardEntry,
  STORE_MANIFEST,
  type StoredFiles,
  type StoreHeader,
} from '@tfjs-distill/core';
import { parseShardNote, SHARD_NOTE, type ShardNote } from './shardNote.js';

/** A store that is one shard of a larger one: what it says of itself. */
export interface StorePart {
  readonly files: StoredFiles;
  readonly note: ShardNote;
  readonly header: StoreHeader;
  /** Its files of rows. */
  readonly entries: readonly ShardEntry[];
}

/**
 * Reads what a shard says of itself; its rows are not looked at.
 *
 * @throws DistillError `DATA` if it is no shard, unfinished, or has not the samples that it should.
 */
export async function readStorePart(files: StoredFiles): Promise<StorePart> {
  const { name } = files;
  const noteText = await textOf(files, SHARD_NOTE).catch((cause: unknown) => {
    throw new DistillError('DATA', `${name} is no shard: it has no ${SHARD_NOTE}.`, {
      hint: 'Give the folders that `distill label --shard i/n` wrote.',
      cause,
    });
  });
  const note = parseShardNote(noteText, `${name}/${SHARD_NOTE}`);
  const { header, shards } = await manifestOf(files);
  if (shards === undefined) throw unfinished('Labelling was interrupted: the store is unfinished.', name);
  const samples = shards.reduce((sum, entry) => sum + entry.samples, 0);
  if (samples !== note.own) throw unfinished(`${name} has ${samples} of its ${note.own} samples.`);
  return { files, note, header, entries: shards };
}

async function manifestOf(files: StoredFiles) {
  const where = `${files.name}/${STORE_MANIFEST}`;
  const text = await textOf(files, STORE_MANIFEST);
  try {
    return parseManifest(JSON.parse(text));
  } catch (cause) {
    throw new DistillError('DATA', 'The file is damaged.', {
      where,
      hint: 'Delete the folder and label again.',
      cause,
    });
  }
}

async function textOf(files: StoredFiles, name: string): Promise<string> {
  const file = await files.open(name);
  return new TextDecoder().decode(await file.read(0, file.size));
}

const unfinished = (message: string, where?: string) =>
  new DistillError('DATA', message, {
    ...(where !== undefined && { where }),
    hint: 'Label this shard again: rows that are stored are kept.',
  });
