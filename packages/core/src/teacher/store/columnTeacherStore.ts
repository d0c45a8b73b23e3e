import { type Column, type Columns, columnsOf, featureColumn } from './columns.js';
import { decodeRows } from './decodeRows.js';
import { type IdIndex } from './IdIndex.js';
import { assertTaps, type StoreHeader } from './StoreHeader.js';
import { type TeacherStore } from './TeacherStore.js';

/** Where the bytes of a store are: memory, files, a server. */
export interface ColumnReader {
  /** Whether all rows are in memory, so that there is nothing to read ahead. */
  readonly resident: boolean;
  /** The values of these rows, in this order, of each of these columns. */
  read(rows: Int32Array, columns: readonly Column[]): Columns | Promise<Columns>;
  dispose(): void;
}

/** A store of encoded columns, wherever they are. */
export function columnTeacherStore(header: StoreHeader, ids: IdIndex, reader: ColumnReader): TeacherStore {
  const known = columnsOf(header).slice(1); // ids are in the index
  const started = new WeakMap<Int32Array, { readonly taps: string; readonly columns: Promise<Columns> }>();
  const read = (wanted: Int32Array, taps: readonly string[]) => {
    assertTaps(taps, header.features);
    const tapped = new Set(taps.map(featureColumn));
    const needed = known.filter(({ name }) => !name.startsWith('feature.') || tapped.has(name));
    return reader.read(ids.expectRows(wanted), needed);
  };
  const prefetch = (wanted: Int32Array, taps: readonly string[] = []) => {
    const columns = Promise.resolve().then(() => read(wanted, taps));
    columns.catch(() => undefined); // told by `rows`
    started.set(wanted, { taps: taps.join(), columns });
  };
  return {
    header,
    size: ids.size,
    has: (wanted) => !ids.rowsOf(wanted).includes(-1),
    ...(!reader.resident && { prefetch }),
    rows: (wanted, taps = []) => {
      const ahead = started.get(wanted);
      started.delete(wanted);
      const columns = ahead?.taps === taps.join() ? ahead.columns : read(wanted, taps);
      const decode = (values: Columns) => decodeRows(header, values, wanted.length, taps);
      return columns instanceof Promise ? columns.then(decode) : decode(columns);
    },
    dispose: () => reader.dispose(),
  };
}
