import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DistillError, parseOptions } from '@tfjs-distill/core';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';

const FILE = 'shard.json';

const schema = z.strictObject({
  format: z.literal('tfjs-distill.shard.1'),
  index: z.int().min(1),
  count: z.int().min(1),
  /** Of the whole data set. */
  samples: z.int().min(0),
  /** Of this shard. */
  own: z.int().min(0),
});

/** What a store that is one shard of a larger one says of itself: `shard.json` beside its rows. */
export type ShardNote = z.infer<typeof schema>;

export async function writeShardNote(folder: string, note: Omit<ShardNote, 'format'>): Promise<void> {
  const text = JSON.stringify({ format: 'tfjs-distill.shard.1', ...note }, null, 2);
  await writeFileAtomic(join(folder, FILE), `${text}\n`);
}

/** @throws DistillError `DATA` if there is none: the store is whole by itself, or no store. */
export async function readShardNote(folder: string): Promise<ShardNote> {
  const text = await readFile(join(folder, FILE), 'utf8').catch((cause: unknown) => {
    throw new DistillError('DATA', `${folder} is no shard: it has no ${FILE}.`, {
      hint: 'Give the folders that `distill label --shard i/n` wrote.',
      cause,
    });
  });
  try {
    return parseOptions(schema, JSON.parse(text), join(folder, FILE));
  } catch (cause) {
    throw new DistillError('DATA', `${join(folder, FILE)} is damaged.`, {
      hint: 'Label this shard again: rows that are stored are kept.',
      cause,
    });
  }
}
