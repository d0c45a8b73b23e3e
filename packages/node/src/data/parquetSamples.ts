import { DistillError, messageOf } from '@tfjs-distill/core';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { decodeImages, type ImageSize, imageDataset } from './decodeImages.js';
import { type RawDataset, type RawSamples } from './makeDataset.js';
import { splitSamples } from './splitSamples.js';
import { type Row, type Table, type TableOptions, tableSamples } from './tableSamples.js';

export interface ParquetOptions extends TableOptions {
  /** Column of encoded images, as data sets of model hubs have it: bytes, or `{ bytes }`. */
  readonly image?: string | undefined;
  readonly size?: ImageSize['size'] | undefined;
  readonly channels?: ImageSize['channels'] | undefined;
}

/**
 * Samples out of Parquet files, uncompressed or with Snappy: columns of numbers, or a column of encoded images.
 *
 * @param test A second file for testing. Default: a share of the first.
 * @throws DistillError `DATA` if a file is missing, no Parquet, or a cell is no number; `OPTION` for an unknown column.
 */
export async function parquetSamples(
  train: string,
  test: string | undefined,
  options: ParquetOptions = {},
): Promise<RawDataset> {
  const tables = [
    await readParquet(train),
    ...(test === undefined ? [] : [await readParquet(test)]),
  ] as const;
  const [first, second] = tables;
  if (options.image === undefined) return tableSamples(first, second, options);
  const { image } = options;
  // the table gives the labels, the images the values
  const labels = tableSamples(numbered(first), second && numbered(second), {
    ...options,
    features: ['row'],
    testShare: 0,
  });
  const samples = async (table: Table, { labels: classes }: RawSamples): Promise<RawSamples> => ({
    ...(await decodeImages(
      table.rows.map((row) => bytesOf(row[image])),
      imageDataset(options),
      table.name,
    )),
    labels: classes,
  });
  const trained = await samples(first, labels.train);
  if (second === undefined) return { ...labels, ...splitSamples(trained, options.testShare) };
  return { ...labels, train: trained, test: await samples(second, labels.test) };
}

const numbered = ({ name, rows }: Table): Table => ({
  name,
  rows: rows.map((row, i) => ({ ...row, row: i })),
});

const bytesOf = (cell: unknown): Uint8Array => {
  const bytes = (cell as { bytes?: unknown } | undefined)?.bytes ?? cell;
  return bytes instanceof Uint8Array ? bytes : new Uint8Array();
};

async function readParquet(file: string): Promise<Table> {
  try {
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file), utf8: false });
    return { name: file, rows: rows as Row[] };
  } catch (cause) {
    throw new DistillError('DATA', `It cannot be read as Parquet: ${messageOf(cause)}.`, {
      where: file,
      cause,
    });
  }
}
