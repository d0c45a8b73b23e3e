import { appendFile, readFile, rm, truncate } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import {
  bytesPerSample,
  type Columns,
  columnsOf,
  newColumn,
  rowBytes,
  type StoreHeader,
} from '@tfjs-distill/core';
import { writing } from './storeFolder.js';

/** Rows of one record: as many in every column. */
export interface JournalRecord {
  readonly samples: number;
  readonly columns: Columns;
}

const PREFIX_BYTES = 8;

/**
 * Rows that wait for their shard to fill, on disk: a kill at any byte costs the record that was being
 * written. A record is the number of samples, the CRC-32 of the rest (both uint32, little endian), and
 * one column after another.
 */
export class RowJournal {
  readonly #path: string;
  readonly #header: StoreHeader;
  #end = 0;

  private constructor(path: string, header: StoreHeader) {
    this.#path = path;
    this.#header = header;
  }

  /** Opens a journal, and gives the records that are whole; what follows them is cut off. */
  static async open(
    path: string,
    header: StoreHeader,
  ): Promise<{ readonly journal: RowJournal; readonly records: readonly JournalRecord[] }> {
    const journal = new RowJournal(path, header);
    let records: JournalRecord[] = [];
    await writing(path, async () => {
      await appendFile(path, ''); // so that it exists
      records = journal.#parse(await readFile(path));
      await truncate(path, journal.#end);
    });
    return { journal, records };
  }

  /** Adds rows `from … to` of the columns. */
  async append(columns: Columns, from: number, to: number): Promise<void> {
    const samples = to - from;
    const record = Buffer.alloc(PREFIX_BYTES + samples * rowBytes(this.#header));
    let at = PREFIX_BYTES;
    for (const column of columnsOf(this.#header)) {
      const values = columns[column.name]?.subarray(from * column.width, to * column.width);
      if (values) record.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
      at += samples * bytesPerSample(column);
    }
    record.writeUInt32LE(samples, 0);
    record.writeUInt32LE(crc32(record.subarray(PREFIX_BYTES)), 4);
    await writing(this.#path, () => appendFile(this.#path, record));
    this.#end += record.length;
  }

  /** Forgets all records: they are in a shard. */
  async clear(): Promise<void> {
    if (this.#end === 0) return;
    await writing(this.#path, () => truncate(this.#path));
    this.#end = 0;
  }

  /** The store is whole. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
    this.#end = 0;
  }

  #parse(bytes: Buffer): JournalRecord[] {
    const perSample = rowBytes(this.#header);
    const records: JournalRecord[] = [];
    while (bytes.length - this.#end >= PREFIX_BYTES) {
      const samples = bytes.readUInt32LE(this.#end);
      const from = this.#end + PREFIX_BYTES;
      const to = from + samples * perSample;
      if (samples === 0 || to > bytes.length) break;
      if (crc32(bytes.subarray(from, to)) !== bytes.readUInt32LE(this.#end + 4)) break;
      records.push({ samples, columns: this.#columns(bytes.subarray(from, to), samples) });
      this.#end = to;
    }
    return records;
  }

  #columns(bytes: Uint8Array, samples: number): Columns {
    let at = 0;
    return Object.fromEntries(
      columnsOf(this.#header).map((column) => {
        const size = samples * bytesPerSample(column);
        const values = newColumn(column, samples);
        new Uint8Array(values.buffer).set(bytes.subarray(at, at + size));
        at += size;
        return [column.name, values];
      }),
    );
  }
}
