import { bytesPerSample, type Column, type ColumnArray, type Columns, newColumn } from './columns.js';
import { type ColumnReader } from './columnTeacherStore.js';
import { type StoredFile } from './StoredFiles.js';

export interface OpenedFile {
  readonly file: StoredFile;
  readonly samples: number;
  readonly offsets: Readonly<Record<string, number>>;
  /** The whole file, where it is kept in memory. */
  readonly bytes?: Uint8Array;
}

/** Bytes of one row, and where they go. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly target: Uint8Array;
}

/** Parts with less than this between them are read together: a request costs more than these bytes. */
const GAP = 16 * 1024;

/** Reads rows out of shards: from memory where they are kept, else in as few reads as neighbours allow. */
export class PartReader implements ColumnReader {
  readonly resident: boolean;
  readonly #files: readonly OpenedFile[];
  readonly #firstRows: readonly number[];

  constructor(files: readonly OpenedFile[]) {
    this.#files = files;
    this.resident = files.every(({ bytes }) => bytes !== undefined);
    let row = 0;
    this.#firstRows = files.map(({ samples }) => (row += samples) - samples);
  }

  read(rows: Int32Array, columns: readonly Column[]): Columns | Promise<Columns> {
    const parts = new Map<OpenedFile, Part[]>(this.#files.map((file) => [file, []]));
    const room = columns.map((column) => [column, newColumn(column, rows.length)] as const);
    rows.forEach((row, at) => {
      const number = this.#firstRows.findLastIndex((first) => first <= row);
      const file = this.#files[number] as OpenedFile;
      const within = row - (this.#firstRows[number] ?? 0);
      for (const [column, values] of room) parts.get(file)?.push(partOf(file, column, within, values, at));
    });
    const waits = [...parts].flatMap(([file, wanted]) => readParts(file, wanted));
    const result = Object.fromEntries(room.map(([{ name }, values]) => [name, values]));
    return waits.length === 0 ? result : Promise.all(waits).then(() => result);
  }

  /** Files of a browser need no closing. */
  dispose(): void {}
}

function partOf({ offsets }: OpenedFile, column: Column, row: number, to: ColumnArray, at: number): Part {
  const size = bytesPerSample(column);
  const start = (offsets[column.name] as number) + row * size;
  return { start, end: start + size, target: new Uint8Array(to.buffer, at * size, size) };
}

function readParts({ file, bytes }: OpenedFile, parts: readonly Part[]): Promise<void>[] {
  if (bytes !== undefined) {
    for (const { start, end, target } of parts) target.set(bytes.subarray(start, end));
    return [];
  }
  return neighbours(parts).map(async (group) => {
    const from = group[0]?.start ?? 0;
    const read = await file.read(from, Math.max(...group.map(({ end }) => end)));
    for (const { start, end, target } of group) target.set(read.subarray(start - from, end - from));
  });
}

function neighbours(parts: readonly Part[]): Part[][] {
  const groups: Part[][] = [];
  for (const part of [...parts].sort((a, b) => a.start - b.start)) {
    const last = groups.at(-1);
    if (last && part.start - (last.at(-1)?.end ?? 0) <= GAP) last.push(part);
    else groups.push([part]);
  }
  return groups;
}
