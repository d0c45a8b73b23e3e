import { DistillError } from '../../errors.js';

/**
 * Which row holds which sample. Ids that follow one another are kept as one run, so that the index of a
 * data set in order takes no memory to speak of; in the worst case it takes 12 bytes per sample.
 *
 * @throws DistillError `DATA` if an id comes twice.
 * @example
 * new IdIndex([Int32Array.of(5, 6, 7)]).rowsOf(Int32Array.of(7, 5)); // [2, 0]
 */
export class IdIndex {
  readonly size: number;
  readonly #firstIds: Int32Array;
  readonly #firstRows: Int32Array;
  readonly #lengths: Int32Array;

  /** @param parts The ids of all rows, in order. */
  constructor(parts: Iterable<Int32Array>) {
    const runs: { readonly id: number; readonly row: number; length: number }[] = [];
    let row = 0;
    for (const ids of parts) {
      for (const id of ids) {
        const last = runs.at(-1);
        if (last !== undefined && id === last.id + last.length) last.length += 1;
        else runs.push({ id, row, length: 1 });
        row += 1;
      }
    }
    this.size = row;
    runs.sort((a, b) => a.id - b.id);
    runs.forEach(({ id }, i) => {
      const before = runs[i - 1];
      if (before !== undefined && before.id + before.length > id) throw storedTwice(id);
    });
    this.#firstIds = Int32Array.from(runs, ({ id }) => id);
    this.#firstRows = Int32Array.from(runs, ({ row: first }) => first);
    this.#lengths = Int32Array.from(runs, ({ length }) => length);
  }

  /** Row of each sample; −1 for those without. */
  rowsOf(ids: Int32Array): Int32Array {
    return ids.map((id) => {
      const run = this.#runOf(id);
      const offset = id - (this.#firstIds[run] ?? 0);
      return run >= 0 && offset < (this.#lengths[run] ?? 0) ? (this.#firstRows[run] ?? 0) + offset : -1;
    });
  }

  /**
   * Row of each sample.
   *
   * @throws DistillError `DATA` if one has none; names the first.
   */
  expectRows(ids: Int32Array): Int32Array {
    const rows = this.rowsOf(ids);
    const at = rows.indexOf(-1);
    if (at < 0) return rows;
    const absent = new Set(ids.filter((_, i) => rows[i] === -1)).size;
    const others = absent > 1 ? ` (and ${absent - 1} more of this batch)` : '';
    throw new DistillError('DATA', `Expected a stored output for sample ${ids[at]}${others}, found none.`, {
      where: 'TeacherStore.rows',
      hint: `${this.size} samples are stored: label the others, or check that the ids are those of the labelled data set.`,
    });
  }

  /** The last run that does not begin behind an id; −1 if all do. */
  #runOf(id: number): number {
    let [low, high] = [0, this.#firstIds.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#firstIds[middle] as number) <= id) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function storedTwice(id: number): DistillError {
  return new DistillError('DATA', `Expected one stored output per sample, got two for sample ${id}.`, {
    where: 'TeacherStore',
  });
}
