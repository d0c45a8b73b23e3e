import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DistillError, messageOf } from '@tfjs-distill/core';
import {
  Field,
  FixedSizeList,
  Float32,
  Int32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
} from 'apache-arrow';
import { type TeacherLogits, type TeacherLogitsKey } from './TeacherLogits.js';

/** Changes with the layout of the file. */
const FORMAT = 'tfjs-distill.logits.1';
const DIGEST_BYTES = 32;

/**
 * Writes a teacher's logits as an Apache Arrow IPC stream: columns `id` and `logits`, the key as metadata.
 *
 * The file appears under its name only once it is whole. Behind the stream's end, where Arrow's
 * readers stop, follows the SHA-256 of all before: a damaged file makes some of them loop forever.
 *
 * @param path Where to; missing folders are made.
 * @throws DistillError `DATA` if the file cannot be written.
 * @example
 * await writeLogits('.cache/teacher.arrow', key, { ids, logits, classes: 10 });
 * @see https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
 */
export async function writeLogits(
  path: string,
  key: TeacherLogitsKey,
  answers: TeacherLogits,
): Promise<void> {
  const unfinished = `${path}.${randomUUID()}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const stream = tableToIPC(toTable(key, answers), 'stream');
    await writeFile(unfinished, [stream, digestOf(stream)]);
    await rename(unfinished, path);
  } catch (cause) {
    await rm(unfinished, { force: true }).catch(() => undefined); // the first failure is the news
    throw new DistillError('DATA', `The file cannot be written: ${messageOf(cause)}.`, {
      where: path,
      cause,
    });
  }
}

/**
 * Reads what `writeLogits` wrote, and refuses what is not exactly the answers asked for.
 *
 * @param key What the file must hold.
 * @throws DistillError `DATA` if the file is missing, damaged, or of another teacher, data set or augmentation.
 * @example
 * const { ids, logits } = await readLogits('.cache/teacher.arrow', key); // [60000], [600000]
 */
export async function readLogits(path: string, key: TeacherLogitsKey): Promise<TeacherLogits> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new DistillError('DATA', `The file cannot be read: ${messageOf(cause)}.`, { where: path, cause });
  });
  const { found, answers } = parse(undamaged(bytes, path), path);
  for (const [name, wanted] of Object.entries({ format: FORMAT, ...key })) {
    if (found.get(name) !== String(wanted)) {
      const message = `Expected stored teacher outputs with ${name} ${wanted}, found ${found.get(name) ?? 'none'}.`;
      throw new DistillError('DATA', message, { where: path });
    }
  }
  return answers;
}

function toTable(key: TeacherLogitsKey, { ids, logits, classes }: TeacherLogits): Table {
  const rowType = new FixedSizeList(classes, new Field('item', new Float32(), false));
  const fields = [new Field('id', new Int32(), false), new Field('logits', rowType, false)];
  const length = ids.length;
  const values = makeData({ type: new Float32(), data: logits, length: logits.length, nullCount: 0 });
  const children = [
    makeData({ type: new Int32(), data: ids, length, nullCount: 0 }),
    makeData({ type: rowType, child: values, length, nullCount: 0 }),
  ];
  const metadata = { format: FORMAT, ...key };
  const schema = new Schema(
    fields,
    new Map(Object.entries(metadata).map(([name, value]) => [name, String(value)])),
  );
  return new Table(
    schema,
    new RecordBatch(schema, makeData({ type: new Struct(fields), length, nullCount: 0, children })),
  );
}

function parse(bytes: Uint8Array, path: string) {
  try {
    const table = tableFromIPC(bytes);
    const [ids, logits] = [table.getChild('id')?.data[0], table.getChild('logits')?.data[0]];
    const [idValues, logitValues] = [ids?.values as unknown, logits?.children[0]?.values as unknown];
    const type: unknown = logits?.type;
    if (!(
      idValues instanceof Int32Array &&
      logitValues instanceof Float32Array &&
      type instanceof FixedSizeList
    )) {
      throw damaged(path);
    }
    const [rows, classes] = [table.numRows, type.listSize];
    const answers = { ids: idValues.slice(0, rows), logits: logitValues.slice(0, rows * classes), classes }; // unpadded
    return { found: table.schema.metadata, answers };
  } catch (cause) {
    throw damaged(path, cause);
  }
}

function undamaged(bytes: Uint8Array, path: string): Uint8Array {
  const stream = bytes.subarray(0, -DIGEST_BYTES);
  if (!digestOf(stream).equals(bytes.subarray(-DIGEST_BYTES))) throw damaged(path);
  return stream;
}

function digestOf(stream: Uint8Array): Buffer {
  return createHash('sha256').update(stream).digest();
}

function damaged(path: string, cause?: unknown): DistillError {
  return new DistillError('DATA', 'The file of teacher outputs is damaged.', {
    where: path,
    hint: 'Delete it: it is computed anew.',
    cause,
  });
}
