import { resolve } from 'node:path';
import { DistillError, expected, storeHeader } from '@tfjs-distill/core';
import { compiledTeacher } from '../compiled/compiledTeacher.js';
import { type Dataset } from '../data/Dataset.js';
import { type DatasetSpec } from '../data/datasetSpec.js';
import { openDataset, specOf } from '../data/openDataset.js';
import { labelHeader, type LabelForm } from '../label/labelHeader.js';
import { blockRows } from '../label/shardRows.js';
import { spreadRows } from '../label/spreadRows.js';
import { type TeacherTrial, tryTeacher } from '../label/tryTeacher.js';
import { openTeacher } from '../teachers/openTeacher.js';
import { isModelAddress } from '../teachers/remote/modelAddress.js';
import { type TeacherSpec } from '../teachers/teacherSpec.js';
import { type LabellingPlan } from './LabellingPlan.js';
import { placeAddress } from './place/placeAddress.js';

export interface LabellingOptions {
  /** Path or address of the model, or `{ model, … }`. Workers look for it at the same place, or where they are told. */
  readonly teacher: string | TeacherSpec;
  readonly data: string | DatasetSpec;
  /** A folder that all workers see, or `s3://bucket/prefix`. */
  readonly out: string;
  /** Address of an S3 server other than Amazon's. Default `AWS_ENDPOINT_URL`. */
  readonly endpoint?: string | undefined;
  /** Default `train`. */
  readonly split?: 'train' | 'test';
  /** Only the first so many samples. */
  readonly limit?: number | undefined;
  /** What to store of each sample. Default its logits as float32. */
  readonly form?: LabelForm;
  /** Samples that the teacher is asked about at once. Default 256. */
  readonly batchSize?: number;
  /** Samples that a worker takes at once, a multiple of the batch size. Default 16 batches. */
  readonly shardSize?: number | undefined;
}

export interface PlannedLabelling {
  readonly plan: LabellingPlan;
  /** What the teacher said about some samples: look at `check.warnings` before you label. */
  readonly trial: TeacherTrial;
}

/**
 * Looks at teacher and data set, and makes out of them what workers need to know. The teacher is asked about a batch.
 *
 * @throws DistillError `OPTION` for an option that breaks its rule; as `openTeacher` and `openDataset`.
 * @example
 * const { plan, trial } = await planLabelling({ teacher: 'resnet.onnx', data: 'cifar10', out: '/shared/labels' });
 */
export async function planLabelling(options: LabellingOptions): Promise<PlannedLabelling> {
  const { split = 'train', form = {}, batchSize = 256, shardSize = 16 * batchSize } = options;
  if (!(Number.isInteger(shardSize / batchSize) && shardSize > 0))
    throw expected('--shard-size', `a multiple of the batch size, ${batchSize}`, shardSize);
  const data = absoluteData(options.data);
  const dataset = await openDataset(data);
  const samples = samplesOf(dataset, split, options.limit);
  const teacherSpec = absoluteTeacher(options.teacher);
  const teacher = compiledTeacher(await openTeacher(teacherSpec));
  try {
    const some = spreadRows(blockRows(samples, samples, 1), batchSize);
    const trial = await tryTeacher(teacher, dataset, dataset[split], some, form.features ?? []);
    const origin = { teacher: teacher.fingerprint, dataset: dataset.fingerprint };
    const header = storeHeader(labelHeader(form, trial, origin));
    const place = placeAddress(options.out, options.endpoint);
    const plan = { teacher: teacherSpec, data, split, header, samples, shardSize, batchSize, ...place };
    return { plan, trial };
  } finally {
    teacher.dispose?.();
  }
}

function samplesOf(dataset: Dataset, split: 'train' | 'test', limit = Infinity): number {
  const samples = Math.min(limit, dataset[split].shape[0]);
  if (samples > 0) return samples;
  throw new DistillError('DATA', 'There is no sample to label.', { where: 'distill label' });
}

/** The same wherever a process works. */
export function absoluteData(data: string | DatasetSpec): DatasetSpec {
  const spec = typeof data === 'string' ? specOf(data) : data;
  const test = 'test' in spec && spec.test !== undefined ? { test: resolve(spec.test) } : {};
  return spec.path === undefined ? spec : { ...spec, ...test, path: resolve(spec.path) };
}

/** The same wherever a process works. */
export function absoluteTeacher(teacher: string | TeacherSpec): TeacherSpec {
  const spec = typeof teacher === 'string' ? { model: teacher } : teacher;
  return isModelAddress(spec.model) ? spec : { ...spec, model: resolve(spec.model) };
}
