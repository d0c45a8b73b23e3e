import { readFile } from 'node:fs/promises';
import { DistillError, messageOf } from '@tfjs-distill/core';
import { parse } from 'csv-parse/sync';
import { type RawDataset } from './makeDataset.js';
import { type Row, type Table, type TableOptions, tableSamples } from './tableSamples.js';

/**
 * Samples out of CSV files with a line of heads.
 *
 * @param test A second file for testing. Default: a share of the first.
 * @param options.delimiter Default `,`.
 * @throws DistillError `DATA` if a file is missing, no CSV, or a cell is no number; `OPTION` for an unknown column.
 */
export async function csvSamples(
  train: string,
  test: string | undefined,
  options: TableOptions & { readonly delimiter?: string | undefined } = {},
): Promise<RawDataset> {
  const read = (file: string) => readCsv(file, options.delimiter);
  return tableSamples(await read(train), test === undefined ? undefined : await read(test), options);
}

async function readCsv(file: string, delimiter = ','): Promise<Table> {
  try {
    const rows = parse<Row>(await readFile(file), {
      columns: true,
      delimiter,
      trim: true,
      bom: true,
      skip_empty_lines: true,
    });
    return { name: file, rows };
  } catch (cause) {
    throw new DistillError('DATA', `It cannot be read as CSV: ${messageOf(cause)}.`, { where: file, cause });
  }
}
