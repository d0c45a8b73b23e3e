import { DistillError } from '../../errors.js';
import { type Column, type ColumnArray, type Columns, columnsOf, featureColumn, product } from './columns.js';
import { toFloat16 } from './float16.js';
import { type StoreHeader } from './StoreHeader.js';
import { type TeacherRows } from './TeacherStore.js';
import { topLogProbs } from './topLogProbs.js';

/**
 * A teacher's outputs in the form that a store holds.
 *
 * @returns One array per column of the header, of as many samples.
 * @throws DistillError `SHAPE` if sizes do not fit the header, `DATA` if a value is not finite, or too large for float16.
 * @example
 * const header = storeHeader({ kind: 'topK', k: 1, classes: 3, teacher: 't', dataset: 'd' });
 * encodeRows(header, { ids: Int32Array.of(7), logits: Float32Array.of(0, 2, 1) }); // classes [1], tail [0.335]
 */
export function encodeRows(header: StoreHeader, { ids, logits, features = {} }: TeacherRows): Columns {
  const { classes, positions } = header;
  assertNumbers('logits', logits, ids, product(positions) * classes);
  for (const [name, shape] of Object.entries(header.features)) {
    assertNumbers(`features.${name}`, features[name], ids, product(shape));
  }
  const plain: Record<string, Int32Array | Float32Array | Uint16Array | undefined> = {
    id: ids,
    ...encodedLogits(header, logits),
    ...Object.fromEntries(Object.entries(features).map(([name, values]) => [featureColumn(name), values])),
  };
  return Object.fromEntries(columnsOf(header).map((column) => [column.name, stored(column, plain, ids)]));
}

function encodedLogits(header: StoreHeader, logits: Float32Array): Record<string, ColumnArray> {
  const { kind, classes, temperature, k = classes } = header;
  switch (kind) {
    case 'logits':
      return { logits };
    case 'probabilities':
      return { probabilities: softmaxRows(logits, classes, temperature) };
    case 'topK':
      return { ...topLogProbs(logits, { classes, k, temperature }) };
  }
}

/** `softmax(z / T)` of each row. */
function softmaxRows(logits: Float32Array, classes: number, temperature: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let at = 0; at < logits.length; at += classes) {
    const row = logits.subarray(at, at + classes);
    const largest = row.reduce((a, b) => Math.max(a, b));
    const powers = Float64Array.from(row, (value) => Math.exp((value - largest) / temperature));
    const sum = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, i) => (result[at + i] = power / sum));
  }
  return result;
}

/** A column in its stored number type. */
function stored(
  { name, type, width }: Column,
  plain: Readonly<Record<string, ColumnArray | undefined>>,
  ids: Int32Array,
): ColumnArray {
  const values = plain[name] as ColumnArray; // every column of the header was made or asserted above
  if (type === 'uint16') return Uint16Array.from(values);
  if (type !== 'float16') return values;
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const half = toFloat16(values[i] as number);
    if ((half & 0x7c00) === 0x7c00) throw tooLarge(name, values[i] as number, ids[Math.floor(i / width)]);
    halves[i] = half;
  }
  return halves;
}

function assertNumbers(
  name: string,
  values: Float32Array | undefined,
  ids: Int32Array,
  perSample: number,
): void {
  if (values?.length !== ids.length * perSample) {
    const message = `Expected \`${name}\` to have ${perSample} numbers for each of ${ids.length} samples, got ${values?.length ?? 'none'}.`;
    throw new DistillError('SHAPE', message, { where: 'TeacherStoreWriter.append' });
  }
  const bad = firstInfinite(values);
  if (bad < 0) return;
  const message = `Expected \`${name}\` to be finite, got ${values[bad]} for sample ${ids[Math.floor(bad / perSample)]}.`;
  throw new DistillError('DATA', message, { where: 'TeacherStoreWriter.append' });
}

/** A plain loop: a callback for each number would take longer than finding the largest. */
function firstInfinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

function tooLarge(name: string, value: number, id: number | undefined): DistillError {
  const message = `Expected \`${name}\` to fit float16, at most 65504, got ${value} for sample ${id}.`;
  return new DistillError('DATA', message, {
    where: 'TeacherStoreWriter.append',
    hint: "Store with `dtype: 'float32'`.",
  });
}
