import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ExampleRecord } from './ExampleRecord.js';

const RESULTS = join(dirname(fileURLToPath(import.meta.url)), '../../results');

/** @example recordFile({ example: 'hints', part: 'further' }) // 'hints.further.json' */
export function recordFile({ example, part }: Pick<ExampleRecord, 'example' | 'part'>): string {
  return `${part === undefined ? example : `${example}.${part}`}.json`;
}

/** Writes a record where `npm run examples:table` finds it. @returns The file. */
export async function keepRecord(record: ExampleRecord): Promise<string> {
  await mkdir(RESULTS, { recursive: true });
  const path = join(RESULTS, recordFile(record));
  await writeFile(path, `${JSON.stringify(record, null, 2)}\n`);
  return path;
}
