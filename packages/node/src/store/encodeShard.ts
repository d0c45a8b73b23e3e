import {
  type Column,
  type ColumnArray,
  type Columns,
  columnsOf,
  type ColumnType,
  sealShard,
  type StoreHeader,
} from '@tfjs-distill/core';
import {
  BufferType,
  Data,
  type DataType,
  Field,
  FixedSizeList,
  Float16,
  Float32,
  Int32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
  Uint16,
} from 'apache-arrow';

const ARROW_TYPES = {
  int32: Int32,
  uint16: Uint16,
  float32: Float32,
  float16: Float16,
} as const satisfies Record<ColumnType, new () => DataType>;

/**
 * Columns of some samples as the bytes of a shard: Apache Arrow, the header as metadata.
 *
 * @see https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
 */
export async function encodeShard(
  header: StoreHeader,
  columns: Columns,
  samples: number,
): Promise<Uint8Array> {
  const stream = tableToIPC(toTable(header, columns, samples), 'stream');
  return sealShard(stream, { header, samples, offsets: offsetsIn(stream) });
}

function toTable(header: StoreHeader, columns: Columns, length: number): Table {
  const parts = columnsOf(header).map((column) => arrowColumn(column, columns[column.name], length));
  const fields = parts.map(({ field }) => field);
  const metadata = new Map([['tfjs-distill', JSON.stringify(header)]]);
  const schema = new Schema(fields, metadata);
  const children = parts.map(({ data }) => data);
  const struct = makeData({ type: new Struct(fields), length, nullCount: 0, children });
  return new Table(schema, new RecordBatch(schema, struct));
}

function arrowColumn({ name, type, width }: Column, values: ColumnArray | undefined, length: number) {
  const item: DataType = new ARROW_TYPES[type]();
  const child = new Data(item, 0, length * width, 0, { [BufferType.DATA]: values });
  if (name === 'id') return { field: new Field(name, item, false), data: child };
  const list: DataType = new FixedSizeList(width, new Field('item', item, false));
  return { field: new Field(name, list, false), data: new Data(list, 0, length, 0, undefined, [child]) };
}

/** Where the columns' values lie: read back without copying, so each is a view into the stream. */
function offsetsIn(stream: Uint8Array): Record<string, number> {
  const table = tableFromIPC(stream);
  return Object.fromEntries(
    table.schema.fields.map(({ name }) => {
      const data = table.getChild(name)?.data[0];
      const values = (data?.children[0] ?? data)?.values as ColumnArray;
      return [name, values.byteOffset - stream.byteOffset];
    }),
  );
}
