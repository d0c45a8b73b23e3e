/** Some of the rows, from all over: a data set may be sorted by class. */
export function spreadRows(rows: Int32Array, count: number): Int32Array {
  const length = Math.min(count, rows.length);
  return Int32Array.from({ length }, (_, i) => rows[Math.floor((i * rows.length) / length)] as number);
}
