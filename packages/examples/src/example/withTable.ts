import { expected } from '@tfjs-distill/core';
import { type ExampleRecord } from './ExampleRecord.js';
import { resultsTable } from './resultsTable.js';

const begin = (part?: string) =>
  `<!-- results${part === undefined ? '' : `, ${part}`}: written by \`npm run examples:table\` -->`;
const END = '<!-- end of results -->';

/**
 * A README with the record's table between its two marks.
 *
 * @throws DistillError if the README has no such marks.
 */
export function withTable(readme: string, record: ExampleRecord): string {
  const mark = begin(record.part);
  const from = readme.indexOf(mark);
  const to = readme.indexOf(END, from);
  if (from < 0 || to < 0) {
    throw expected('README', `a text with ${mark} and ${END}`, 'none of them', { where: record.example });
  }
  return `${readme.slice(0, from + mark.length)}\n\n${resultsTable(record)}\n\n${readme.slice(to)}`;
}
