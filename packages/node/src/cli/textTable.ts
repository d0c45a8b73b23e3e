import { getBorderCharacters, table } from 'table';

/** Cells as lines for a terminal, heads first: the first column to the left, numbers to the right. */
export function textTable(cells: readonly (readonly string[])[]): string {
  const columns = cells[0]?.length ?? 0;
  return table(
    cells.map((row) => [...row]),
    {
      border: getBorderCharacters('norc'),
      columns: Array.from({ length: columns }, (_, i) => ({ alignment: i === 0 ? 'left' : 'right' })),
      drawHorizontalLine: (line, rows) => line < 2 || line === rows,
      drawVerticalLine: (line, all) => line === 0 || line === all,
    },
  ).trimEnd();
}
