import { getBorderCharacters } from 'table';

/** A table for a terminal: lines above, below and under the heads. */
export const tableStyle = {
  border: getBorderCharacters('norc'),
  drawHorizontalLine: (line: number, rows: number): boolean => line < 2 || line === rows,
};
