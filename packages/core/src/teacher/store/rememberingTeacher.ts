import { dispose, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { type Batch } from '../../Batch.js';
import { expected } from '../../errors.js';
import { takeSamples } from '../../loop/takeSamples.js';
import { asTeacherSource, type TeacherLike } from '../asTeacherSource.js';
import { outputTensors, type TeacherOutputs, type TeacherSource } from '../TeacherSource.js';
import { product } from './columns.js';

export interface RememberOptions {
  /** Bytes to keep, ≥ 0. What does not fit is asked anew each time. Default 256 MiB. */
  readonly bytes?: number;
}

/** One sample's outputs: the logits, then the features in the order of the taps. */
type Row = readonly Float32Array[];

/** What is remembered of one view with one set of taps. */
interface Memory {
  readonly rows: Map<number, Row>;
  /** Shape of one sample of each part, once known. */
  shapes: readonly (readonly number[])[];
}

/** What a row takes beside its numbers. */
const ROW_OVERHEAD = 200;

/**
 * A live teacher that is asked once for each sample and view: from the second epoch on it costs next to nothing.
 *
 * Outputs are kept on the host as float32, by `batch.ids` and `batch.view`, up to a budget; of a batch
 * that is known in part only the rest is asked. Batches without ids go straight to the teacher.
 *
 * @param teacher Taken over: disposing the result disposes it.
 * @returns Source whose outputs the caller owns; without `top`.
 * @throws DistillError `OPTION` if `bytes` is negative.
 * @example
 * prepareCompression(student, { teacher: rememberingTeacher(model, { bytes: 64e6 }), criterion });
 */
export function rememberingTeacher(
  teacher: TeacherLike,
  { bytes = 256 * 2 ** 20 }: RememberOptions = {},
): TeacherSource {
  if (!(bytes >= 0))
    throw expected('bytes', 'a number of at least 0', bytes, { where: 'rememberingTeacher' });
  const source = asTeacherSource(teacher);
  const memories = new Map<string, Memory>();
  let left = bytes;
  const memoryOf = ({ view = 'none' }: Batch, taps: readonly string[]): Memory => {
    const key = JSON.stringify([view, ...taps]);
    const memory = memories.get(key) ?? { rows: new Map<number, Row>(), shapes: [] };
    memories.set(key, memory);
    return memory;
  };
  const keep = (memory: Memory, id: number, row: Row) => {
    const cost = ROW_OVERHEAD + row.reduce((sum, values) => sum + values.byteLength, 0);
    if (memory.rows.has(id) || cost > left) return;
    left -= cost;
    memory.rows.set(
      id,
      row.map((values) => values.slice()),
    ); // not a view that holds its whole batch
  };
  return {
    name: source.name,
    signature: source.signature,
    ...(source.members && { members: source.members }),
    outputs: (batch, taps = []) => {
      const { ids } = batch;
      if (ids === undefined) return source.outputs(batch, taps);
      const memory = memoryOf(batch, taps);
      const absent = absentPlaces(ids, memory.rows);
      if (absent.length === 0) return assembled(ids, memory.rows, memory.shapes, taps);
      return askAndKeep(source, { batch, ids, absent, memory, taps }, keep);
    },
    prefetch: (batch, taps = []) => {
      const known = batch.ids?.some((id) => memoryOf(batch, taps).rows.has(id)) ?? false;
      if (!known) source.prefetch?.(batch, taps); // else the teacher will be shown a part of it
    },
    dispose: () => {
      memories.clear();
      left = bytes;
      source.dispose?.();
    },
  };
}

/** The first place of each sample that is not remembered. */
function absentPlaces(ids: Int32Array, rows: ReadonlyMap<number, Row>): Int32Array {
  const places = new Map<number, number>();
  ids.forEach((id, place) => {
    if (!rows.has(id) && !places.has(id)) places.set(id, place);
  });
  return Int32Array.from(places.values());
}

interface Question {
  readonly batch: Batch;
  readonly ids: Int32Array;
  readonly absent: Int32Array;
  readonly memory: Memory;
  readonly taps: readonly string[];
}

/** Asks what is not known, remembers it, and gives the outputs of all. */
async function askAndKeep(
  source: TeacherSource,
  { batch, ids, absent, memory, taps }: Question,
  keep: (memory: Memory, id: number, row: Row) => void,
): Promise<TeacherOutputs> {
  const whole = absent.length === ids.length || hasPartsOfItsOwn(batch);
  const asked = whole ? batch : takeSamples(batch, absent);
  const said = await answered(source, asked, taps, whole);
  const parts = [said.logits, ...taps.map((tap) => said.features[tap])];
  if (!parts.every((part) => part !== undefined)) return said; // whoever asked misses a feature and says so
  try {
    memory.shapes = parts.map(({ shape }) => shape.slice(1));
    const fresh = await rowsOf(parts, memory.shapes, asked.ids ?? ids);
    for (const [id, row] of fresh) keep(memory, id, row);
    if (!whole) return assembled(ids, merged(memory.rows, fresh), memory.shapes, taps);
    return { logits: said.logits, features: said.features };
  } finally {
    dispose(whole ? Object.values(said.top ?? {}) : outputTensors(said));
  }
}

async function answered(
  source: TeacherSource,
  asked: Batch,
  taps: readonly string[],
  borrowed: boolean,
): Promise<TeacherOutputs> {
  try {
    return await source.outputs(asked, taps);
  } finally {
    if (!borrowed) dispose([asked.x, asked.y, asked.weights] as Tensor[]);
  }
}

const PARTS: ReadonlySet<string> = new Set<keyof Batch>(['x', 'y', 'weights', 'ids', 'view']);

/** Whether a batch has more than can be taken in part. */
function hasPartsOfItsOwn(batch: Batch): boolean {
  return Object.keys(batch).some((key) => !PARTS.has(key));
}

async function rowsOf(
  parts: readonly Tensor[],
  shapes: Memory['shapes'],
  ids: Int32Array,
): Promise<ReadonlyMap<number, Row>> {
  const values = await Promise.all(parts.map((part) => part.data<'float32'>()));
  const sizes = shapes.map(product);
  const rowAt = (place: number): Row =>
    values.map((part, i) => part.subarray(place * (sizes[i] ?? 0), (place + 1) * (sizes[i] ?? 0)));
  return new Map(Array.from(ids, (id, place) => [id, rowAt(place)]));
}

type Lookup = Pick<ReadonlyMap<number, Row>, 'get'>;

function merged(first: Lookup, second: Lookup): Lookup {
  return { get: (id) => first.get(id) ?? second.get(id) };
}

/** Remembered rows as a batch of outputs. */
function assembled(
  ids: Int32Array,
  rows: Lookup,
  shapes: Memory['shapes'],
  taps: readonly string[],
): TeacherOutputs {
  const [logits, ...features] = shapes.map((shape, part) => {
    const size = product(shape);
    const values = new Float32Array(ids.length * size);
    ids.forEach((id, place) => values.set(rows.get(id)?.[part] ?? [], place * size));
    return tensor(values, [ids.length, ...shape]);
  });
  return {
    logits: logits as Tensor,
    features: Object.fromEntries(taps.map((tap, i) => [tap, features[i] as Tensor])),
  };
}
