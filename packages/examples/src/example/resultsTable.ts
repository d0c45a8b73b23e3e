import { summarize } from '@tfjs-distill/core';
import { type ExampleRecord, type ExampleRow, type ExampleTable } from './ExampleRecord.js';

const COLUMNS = {
  source: 'source',
  peer: 'source’s software here',
} as const;

/**
 * The tables of a record in Markdown, with the command, the engine and the date under them.
 *
 * @example
 * resultsTable(record);
 * // |       | source | test accuracy, %        |
 * // | alone | 70.58  | 69.81 ± 0.42 (3 seeds)  |
 */
export function resultsTable(record: ExampleRecord): string {
  const { command, engine, node, date, seconds, further = [] } = record;
  const minutes = Math.max(1, Math.round(seconds / 60));
  const origin = `\`${command}\`, ${engine} engine, Node ${node}, ${date.slice(0, 10)}, ${minutes} min.`;
  return [...[record, ...further].map(markdown), origin].join('\n\n');
}

function markdown({ rows, measure }: ExampleTable): string {
  const given = (['source', 'peer'] as const).filter((key) => rows.some((row) => row[key] !== undefined));
  const heads = ['', ...given.map((key) => COLUMNS[key]), measure];
  const cells = rows.map((row) => [row.name, ...given.map((key) => row[key] ?? '–'), measured(row)]);
  const lines = [heads, heads.map(() => '---'), ...cells];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

/** One of them for a terminal. */
export function tableCells({ rows, measure }: ExampleTable): string[][] {
  return [['', measure, 'source'], ...rows.map((row) => [row.name, measured(row), row.source ?? ''])];
}

function measured({ values }: ExampleRow): string {
  const { count, mean, sd } = summarize(values);
  if (count === 0) return '–';
  return count === 1 ? mean.toFixed(2) : `${mean.toFixed(2)} ± ${sd.toFixed(2)} (${count} seeds)`;
}
