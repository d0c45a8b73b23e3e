import { rm } from 'node:fs/promises';
import { labelSamples, type LabelOptions } from '../label/labelSamples.js';
import { writeShardNote } from '../label/shardNote.js';
import { blockRows } from '../label/shardRows.js';
import { createTeacherStore } from '../store/createTeacherStore.js';
import { shardCount } from './LabellingPlan.js';
import { type OpenedLabelling } from './OpenedLabellings.js';

/**
 * What became of a shard: `done`; `known`, another worker was first, its rows count; or `stopped` by the signal, nothing
 * of it is left.
 */
export type ShardResult = 'done' | 'known' | 'stopped';

/** Labels a shard and leaves it at the labelling's place, whole or not at all. */
export async function labelShard(
  { plan, teacher, samples, place }: OpenedLabelling,
  index: number,
  options: Omit<LabelOptions, 'batchSize'>,
): Promise<ShardResult> {
  if (await place.has(index)) return 'known';
  const rows = blockRows(plan.samples, plan.shardSize, index);
  const folder = await place.workFolder(index);
  try {
    const writer = await createTeacherStore(folder, plan.header);
    const labelled = await labelSamples(teacher, samples, rows, writer, {
      ...options,
      batchSize: plan.batchSize,
    });
    if (labelled < rows.length) return 'stopped';
    await writer.close();
    const note = { index, count: shardCount(plan), samples: plan.samples, own: rows.length };
    await writeShardNote(folder, note);
    return (await place.complete(index, folder)) ? 'done' : 'known';
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
