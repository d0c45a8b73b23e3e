import { DistillError, parseOptions, storeHeader, type StoreHeader } from '@tfjs-distill/core';
import * as z from 'zod';
import { datasetSpecSchema } from '../data/datasetSpec.js';
import { fingerprint } from '../store/fingerprint.js';
import { teacherSpecSchema } from '../teachers/teacherSpec.js';

const FORMAT = 'tfjs-distill.labelling.1';
const count = z.int().min(1);

const schema = z.strictObject({
  format: z.literal(FORMAT),
  teacher: teacherSpecSchema,
  data: datasetSpecSchema,
  split: z.enum(['train', 'test']),
  header: z.record(z.string(), z.unknown()),
  samples: count,
  shardSize: count,
  batchSize: count,
  out: z.string().min(1),
  endpoint: z.string().optional(), // of an S3 server other than Amazon's
});

/** All that a worker must know of a labelling: a few hundred bytes, whatever the size of the data set. */
export interface LabellingPlan extends Omit<z.infer<typeof schema>, 'header' | 'format'> {
  /** Of the store that comes to be: also says which teacher and data set, wherever a worker has them. */
  readonly header: StoreHeader;
}

/**
 * Names a labelling by what comes out of it: started again it has the same name, wherever teacher and data lie.
 *
 * @returns 16 hex digits.
 */
export function planId({ header, split, samples, shardSize, batchSize, out }: LabellingPlan): string {
  return fingerprint(JSON.stringify([header, split, samples, shardSize, batchSize, out]));
}

/** Shards of a labelling. */
export const shardCount = ({ samples, shardSize }: Pick<LabellingPlan, 'samples' | 'shardSize'>): number =>
  Math.ceil(samples / shardSize);

/** Samples of a shard, its index from 1. */
export const shardSamples = (
  { samples, shardSize }: Pick<LabellingPlan, 'samples' | 'shardSize'>,
  index: number,
): number => Math.max(0, Math.min(shardSize, samples - shardSize * (index - 1)));

export const planText = (plan: LabellingPlan): string => JSON.stringify({ format: FORMAT, ...plan });

/** @throws DistillError `DATA` if the text is no plan: another version of this library wrote it. */
export function parsePlan(text: string): LabellingPlan {
  try {
    const { format: _, header, ...plan } = parseOptions(schema, JSON.parse(text), 'labelling');
    return { ...plan, header: storeHeader(header as unknown as StoreHeader) };
  } catch (cause) {
    throw new DistillError('DATA', 'The labelling on the queue is not one that this version knows.', {
      hint: 'Use the same version of tfjs-distill on all machines.',
      cause,
    });
  }
}
