import { join } from 'node:path';
import { DistillError, parseOptions } from '@tfjs-distill/core';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';

/** Beside the rows of a store that is one shard of a larger one. */
export const SHARD_NOTE = 'shard.json';

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
  await writeFileAtomic(join(folder, SHARD_NOTE), `${text}\n`);
}

/** @throws DistillError `DATA` if the text is no note. */
export function parseShardNote(text: string, where: string): ShardNote {
  try {
    return parseOptions(schema, JSON.parse(text), where);
  } catch (cause) {
    throw new DistillError('DATA', `${where} is damaged.`, {
      hint: 'Label this shard again: rows that are stored are kept.',
      cause,
    });
  }
}
