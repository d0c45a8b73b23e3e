import { type Columns, newColumn } from './columns.js';
import { type ColumnReader, columnTeacherStore } from './columnTeacherStore.js';
import { encodeRows } from './encodeRows.js';
import { IdIndex } from './IdIndex.js';
import { storeHeader, type StoreHeaderInput } from './StoreHeader.js';
import { type TeacherRows, type TeacherStore } from './TeacherStore.js';

/**
 * A store in memory, of every kind.
 *
 * @throws DistillError as `storeHeader` and `encodeRows`, `DATA` if an id comes twice.
 * @example
 * const header = { classes: 2, teacher: 'mine', dataset: 'toy' };
 * const store = memoryTeacherStore(header, { ids: Int32Array.of(7), logits: Float32Array.of(2, -1) });
 * store.rows(Int32Array.of(7)); // logits [[2, -1]]
 */
export function memoryTeacherStore(input: StoreHeaderInput, rows: TeacherRows): TeacherStore {
  const header = storeHeader(input);
  return columnTeacherStore(header, new IdIndex([rows.ids]), memoryReader(encodeRows(header, rows)));
}

function memoryReader(all: Columns): ColumnReader {
  return {
    resident: true,
    read: (rows, columns) =>
      Object.fromEntries(
        columns.map((column) => {
          const values = newColumn(column, rows.length);
          takeRows(all[column.name] ?? values, column.width, rows, values);
          return [column.name, values];
        }),
      ),
    dispose: () => undefined,
  };
}

/** Copies rows of `from`, each `width` numbers, into `to`, one after another. */
export function takeRows(from: Columns[string], width: number, rows: Int32Array, to: Columns[string]): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    to.set(from.subarray(row * width, (row + 1) * width), i * width);
  }
}
