import {
  bytesPerSample,
  type Column,
  columnAt,
  type ColumnArray,
  type ColumnReader,
  type Columns,
  newColumn,
} from '@tfjs-distill/core';
import { FilePool } from './FilePool.js';

export interface OpenedShard {
  readonly path: string;
  readonly samples: number;
  readonly offsets: Readonly<Record<string, number>>;
  /** The whole file, where it is kept in memory. */
  readonly bytes?: Uint8Array;
}

interface Place {
  readonly shard: number;
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

  read(rows: Int32Array, columns: readonly Column[]): Columns | Promise<Columns> {
    const places = Array.from(rows, (row) => this.#placeOf(row));
    const room = columns.map((column) => [column, newColumn(column, rows.length)] as const);
    const result = Object.fromEntries(room.map(([{ name }, values]) => [name, values]));
    const reads = room.flatMap(([column, values]) =>
      places.flatMap((place, i) => this.#copy(place, column, values, i) ?? []),
    );
    return reads.length === 0 ? result : Promise.all(reads).then(() => result);
  }

  dispose(): void {
    this.#files.dispose();
  }

  /** Copies a row from memory at once, or starts to read it. */
  #copy({ shard, row }: Place, column: Column, to: ColumnArray, at: number): Promise<void> | undefined {
    const { path, samples, offsets, bytes } = this.#shards[shard] as OpenedShard;
    const { name, width } = column;
    const offset = offsets[name] as number;
    if (bytes !== undefined) {
      const all = columnAt(column, bytes, offset, samples);
      to.set(all.subarray(row * width, (row + 1) * width), at * width);
      return undefined;
    }
    const size = bytesPerSample(column);
    const target = new Uint8Array(to.buffer, at * size, size);
    return this.#files.read(path, target, offset + row * size);
  }

  #placeOf(row: number): Place {
    let [low, high] = [0, this.#firstRows.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#firstRows[middle] as number) <= row) low = middle;
      else high = middle - 1;
    }
    return { shard: low, row: row - (this.#firstRows[low] ?? 0) };
  }
}
