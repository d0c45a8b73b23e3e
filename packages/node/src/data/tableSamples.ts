import { DistillError, unknownName } from '@tfjs-distill/core';
import { type RawDataset, type RawSamples } from './makeDataset.js';
import { splitSamples } from './splitSamples.js';

/** A row of a table, whatever it was read from. */
export type Row = Readonly<Record<string, unknown>>;

export interface TableOptions {
  /** Column of the class, a name or a number. Default `label`. */
  readonly label?: string | undefined;
  /** Columns of the features, in order; a column may hold lists. Default all others. */
  readonly features?: readonly string[] | undefined;
  /** One sample's shape, e.g. `[28, 28, 1]`. Default the number of features. */
  readonly inputShape?: readonly number[] | undefined;
  /** Share of the rows for testing, where there is no table of its own. Default 0.2. */
  readonly testShare?: number | undefined;
}

export interface Table {
  readonly name: string;
  readonly rows: readonly Row[];
}

/**
 * Samples out of tables: a column of classes, the others features.
 *
 * Classes are sorted, numbers by their value. An empty class is an unlabelled sample.
 *
 * @throws DistillError `OPTION` for a column that is not there, `DATA` for a cell that is no number.
 */
export function tableSamples(train: Table, test: Table | undefined, options: TableOptions): RawDataset {
  const { label = 'label' } = options;
  const columns = Object.keys(train.rows[0] ?? {});
  const features = options.features ?? columns.filter((column) => column !== label);
  for (const column of [label, ...features])
    if (!columns.includes(column)) throw unknownName('column', column, columns, { where: train.name });
  const classNames = classesOf([...train.rows, ...(test?.rows ?? [])].map((row) => row[label]));
  const classOf = new Map(classNames.map((name, i) => [name, i]));
  const samples = (table: Table): RawSamples => {
    const vectors = table.rows.map((row, i) => vectorOf(row, features, `${table.name}, row ${i + 1}`));
    const labels = table.rows.map((row) => classOf.get(text(row[label])) ?? -1);
    const size = vectors[0]?.length ?? 0;
    const odd = vectors.findIndex(({ length }) => length !== size);
    if (odd >= 0) throw uneven(table.name, odd, size, vectors[odd]?.length ?? 0);
    return {
      values: Float32Array.from(vectors.flat()),
      shape: [vectors.length, ...(options.inputShape ?? [size])],
      labels: Int32Array.from(labels),
    };
  };
  const splits =
    test === undefined
      ? splitSamples(samples(train), options.testShare)
      : { train: samples(train), test: samples(test) };
  return { name: train.name, ...splits, classNames };
}

function text(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? String(value)
    : '';
}

function classesOf(values: readonly unknown[]): string[] {
  const names = [...new Set(values.map(text))].filter((name) => name !== '');
  const allNumbers = names.every((name) => Number.isFinite(Number(name)));
  return names.sort(allNumbers ? (a, b) => Number(a) - Number(b) : undefined);
}

function vectorOf(row: Row, features: readonly string[], where: string): number[] {
  return features.flatMap((column) => {
    const cell = row[column];
    const cells: unknown[] =
      Array.isArray(cell) || ArrayBuffer.isView(cell) ? [...(cell as unknown[])] : [cell];
    return cells.map((value) => {
      const number = text(value) === '' ? NaN : Number(value);
      if (Number.isFinite(number)) return number;
      throw new DistillError('DATA', `Expected a number in column "${column}", found "${text(value)}".`, {
        where,
      });
    });
  });
}

function uneven(where: string, row: number, wanted: number, found: number): DistillError {
  return new DistillError('DATA', `Expected ${wanted} numbers, found ${found} in row ${row + 1}.`, { where });
}
