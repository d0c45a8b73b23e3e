import { type FileHandle, open } from 'node:fs/promises';
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
  readonly #file: FileHandle;
  readonly #folder: string;
  readonly #header: StoreHeader;
  #end = 0;

  private constructor(folder: string, file: FileHandle, header: StoreHeader) {
    this.#folder = folder;
    this.#file = file;
    this.#header = header;
  }

  /** Opens a journal, and gives the records that are whole; what follows them is cut off. */
  static async open(
    folder: string,
    path: string,
    header: StoreHeader,
  ): Promise<{ readonly journal: RowJournal; readonly records: readonly JournalRecord[] }> {
    let journal: RowJournal | undefined;
    let records: JournalRecord[] = [];
    await writing(folder, async () => {
      const file = await open(path, 'a+');
      journal = new RowJournal(folder, file, header);
      records = journal.#parse(await file.readFile());
      await file.truncate(journal.#end);
    });
    return { journal: journal as RowJournal, records };
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
    await writing(this.#folder, () => this.#file.appendFile(record));
    this.#end += record.length;
  }

  /** Forgets all records: they are in a shard. */
  async clear(): Promise<void> {
    if (this.#end === 0) return;
    await writing(this.#folder, () => this.#file.truncate(0));
    this.#end = 0;
  }

  async close(): Promise<void> {
    await this.#file.close();
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
