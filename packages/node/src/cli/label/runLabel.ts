import { DistillError, type StoreHeaderInput } from '@tfjs-distill/core';
import { openDataset } from '../../data/openDataset.js';
import { type Samples } from '../../data/Dataset.js';
import { type EngineName, selectEngine } from '../../engine/index.js';
import { estimateLabelling } from '../../label/estimateLabelling.js';
import { labelHeader } from '../../label/labelHeader.js';
import { labelSamples } from '../../label/labelSamples.js';
import { parseShard, shardRows } from '../../label/shardRows.js';
import { writeShardNote } from '../../label/shardNote.js';
import { spreadRows } from '../../label/spreadRows.js';
import { type TeacherTrial, tryTeacher } from '../../label/tryTeacher.js';
import { createTeacherStore } from '../../store/createTeacherStore.js';
import { type OpenedTeacher, openTeacher } from '../../teachers/openTeacher.js';
import { INTERRUPTED, onInterrupt } from '../onInterrupt.js';
import { print, printJson } from '../print.js';
import { sampleProgress } from '../sampleProgress.js';
import { compiledTeacher } from '../../compiled/compiledTeacher.js';
import { mayStart, required } from './beforeLabelling.js';
import { describeEstimate, describeResult } from './describe.js';
import { formOf } from './formOf.js';
import { type LabelFlags } from './LabelFlags.js';
import { readTeacherSpec } from './readTeacherSpec.js';

/** What `distill label` does. */
export async function runLabel(flags: LabelFlags): Promise<void> {
  const { teacher: spec, data, out } = required(flags);
  await selectEngine({ engine: flags.engine as EngineName | undefined });
  const dataset = await openDataset(data);
  const samples = dataset[flags.split];
  const rows = rowsOf(samples, flags);
  const teacher = compiledTeacher(await openTeacher(await readTeacherSpec(spec)));
  try {
    const some = spreadRows(rows, flags.batchSize);
    const form = formOf(flags);
    const trial = await tryTeacher(teacher, dataset, samples, some, form.features);
    const header = labelHeader(form, trial, { teacher: teacher.fingerprint, dataset: dataset.fingerprint });
    if (!mayStart(flags, out, { trial, header, samples: rows.length })) return;
    await store(flags, out, { teacher, samples, rows, header, trial });
  } finally {
    teacher.dispose?.();
  }
}

interface Work {
  readonly teacher: OpenedTeacher;
  readonly samples: Samples;
  readonly rows: Int32Array;
  readonly header: StoreHeaderInput;
  readonly trial: TeacherTrial;
}

async function store(flags: LabelFlags, out: string, work: Work): Promise<void> {
  const { teacher, samples, rows, header, trial } = work;
  const writer = await createTeacherStore(out, header);
  await noteShard(flags, out, work);
  const ids = rows.map((row) => samples.ids[row] as number);
  const left = writer.missing(ids).length;
  const already = rows.length - left;
  if (!flags.json && left > 0)
    process.stderr.write(
      `${describeEstimate(estimateLabelling(writer.header, left, trial.rate, flags.hourlyPrice), out)}\n`,
    );
  const bar = sampleProgress(rows.length, already);
  const started = performance.now();
  const interrupt = onInterrupt((line) => process.stderr.write(`${line}\n`));
  let labelled: number;
  try {
    labelled = await labelSamples(teacher, samples, rows, writer, {
      batchSize: flags.batchSize,
      signal: interrupt.signal,
      onProgress: bar.update,
    });
  } catch (error) {
    throw kept(error, rows.length - writer.missing(ids).length, rows.length);
  } finally {
    bar.stop();
    interrupt.off();
  }
  const finished = already + labelled === rows.length;
  if (finished) await writer.close();
  else process.exitCode = INTERRUPTED;
  const seconds = (performance.now() - started) / 1000;
  const result = {
    store: out,
    samples: rows.length,
    already,
    labelled,
    finished,
    seconds,
    header: writer.header,
  };
  if (flags.json) printJson({ ...result, check: trial.check });
  else print(describeResult(result));
}

/** Says of a failure that what was labelled is there. */
function kept(error: unknown, done: number, total: number): unknown {
  if (!(error instanceof DistillError)) return error;
  const hint = `${done} of ${total} samples are stored; the same command goes on.`;
  return new DistillError(error.code, error.message, { hint, cause: error });
}

async function noteShard({ shard, limit }: LabelFlags, out: string, { samples, rows }: Work): Promise<void> {
  if (shard === undefined) return;
  const whole = Math.min(limit ?? Infinity, samples.shape[0]);
  await writeShardNote(out, { ...parseShard(shard), samples: whole, own: rows.length });
}

function rowsOf({ shape }: Samples, { limit, shard }: LabelFlags): Int32Array {
  const samples = Math.min(limit ?? Infinity, shape[0]);
  const rows = shardRows(samples, shard === undefined ? { index: 1, count: 1 } : parseShard(shard));
  if (rows.length > 0) return rows;
  throw new DistillError('DATA', 'There is no sample to label.', { where: 'distill label' });
}
