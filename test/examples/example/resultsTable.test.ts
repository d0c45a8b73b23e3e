import { describe, expect, it } from 'vitest';
import { resultsTable, tableCells } from '../../../packages/examples/src/example/resultsTable.js';
import { record } from './record.js';

describe('resultsTable', () => {
  it('has the mean and the sample standard deviation over the seeds, and where they come from', () => {
    expect(resultsTable(record).split('\n')).toEqual([
      '|  | source | source’s software here | test accuracy, % |',
      '| --- | --- | --- | --- |',
      '| alone | 70.58 | – | 70.00 ± 1.00 (3 seeds) |',
      '| distilled | 70.60 | 70.53 | 72.25 |',
      '| not run | – | – | – |',
      '',
      '`npm run example:sample -- --full`, wasm engine, Node 20.19.0, 2026-02-03, 3 min.',
    ]);
  });

  it('has a table for each further measure', () => {
    const further = [{ measure: 'ms a step', rows: [{ name: 'alone', values: [2.5] }] }];
    expect(
      resultsTable({ ...record, further })
        .split('\n')
        .slice(5, 10),
    ).toEqual(['', '|  | ms a step |', '| --- | --- |', '| alone | 2.50 |', '']);
  });

  it('has no column that no row fills', () => {
    const rows = record.rows.map(({ name, values }) => ({ name, values }));
    expect(resultsTable({ ...record, rows }).split('\n')[0]).toBe('|  | test accuracy, % |');
  });

  it('says the same on a terminal', () => {
    expect(tableCells(record)).toEqual([
      ['', 'test accuracy, %', 'source'],
      ['alone', '70.00 ± 1.00 (3 seeds)', '70.58'],
      ['distilled', '72.25', '70.60'],
      ['not run', '–', ''],
    ]);
  });
});
