import { expected } from '@tfjs-distill/core';
import { type ExampleRecord } from './ExampleRecord.js';
import { resultsTable } from './resultsTable.js';

const BEGIN = '<!-- results: written by `npm run examples:table` -->';
const END = '<!-- end of results -->';

/**
 * A README with the record's table between its two marks.
 *
 * @throws DistillError if the README has no such marks.
 */
export function withTable(readme: string, record: ExampleRecord): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) {
    throw expected('README', `a text with ${BEGIN} and ${END}`, 'none of them', { where: record.example });
  }
  const before = readme.slice(0, begin + BEGIN.length);
  return `${before}\n\n${resultsTable(record)}\n\n${readme.slice(end)}`;
}
