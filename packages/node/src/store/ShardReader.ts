import {
  bytesPerSample,
  type Column,
  columnAt,
  type ColumnArray,
  type ColumnReader,
  type Columns,
  newColumn,
} from '@tfjs-distill/core';
import { type FilePart, FilePool } from './FilePool.js';

export interface OpenedShard {
  readonly path: string;
  readonly samples: number;
  readonly offsets: Readonly<Record<string, number>>;
  /** The whole file, where it is kept in memory. */
  readonly bytes?: Uint8Array;
}

interface Place {
  readonly shard: OpenedShard;
  readonly row: number;
}

/** Reads rows out of shards: from memory where they are kept, else by position, all at once. */
export class ShardReader implements ColumnReader {
  readonly #shards: readonly OpenedShard[];
  readonly #firstRows: readonly number[];
  readonly #files = new FilePool();

  constructor(shards: readonly OpenedShard[]) {
    this.#shards = shards;
    let row = 0;
    this.#firstRows = shards.map(({ samples }) => (row += samples) - samples);
  }

  /** Whether every row is in memory. */
  get resident(): boolean {
    return this.#shards.every(({ bytes }) => bytes !== undefined);
  }

  read(rows: Int32Array, columns: readonly Column[]): Columns | Promise<Columns> {
    const room = columns.map((column) => newColumn(column, rows.length));
    const result = Object.fromEntries(columns.map(({ name }, i) => [name, room[i] as ColumnArray]));
    const parts: FilePart[] = [];
    rows.forEach((row, at) => {
      const place = this.#placeOf(row);
      columns.forEach((column, i) => {
        const part = copyRow(place, column, room[i] as ColumnArray, at);
        if (part) parts.push(part);
      });
    });
    return this.#files.readAll(parts)?.then(() => result) ?? result;
  }

  dispose(): void {
    this.#files.dispose();
  }

  #placeOf(row: number): Place {
    let [low, high] = [0, this.#firstRows.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#firstRows[middle] as number) <= row) low = middle;
      else high = middle - 1;
    }
    return { shard: this.#shards[low] as OpenedShard, row: row - (this.#firstRows[low] ?? 0) };
  }
}

/** Copies a row from memory, or says which part of which file it is. */
function copyRow({ shard, row }: Place, column: Column, to: ColumnArray, at: number): FilePart | undefined {
  const { path, samples, offsets, bytes } = shard;
  const { name, width } = column;
  const offset = offsets[name] as number;
  if (bytes !== undefined) {
    const all = columnAt(column, bytes, offset, samples);
    to.set(all.subarray(row * width, (row + 1) * width), at * width);
    return undefined;
  }
  const size = bytesPerSample(column);
  return { path, position: offset + row * size, target: new Uint8Array(to.buffer, at * size, size) };
}
