import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ExampleRecord } from './ExampleRecord.js';

const RESULTS = join(dirname(fileURLToPath(import.meta.url)), '../../results');

/** Writes a record where `npm run examples:table` finds it. @returns The file. */
export async function keepRecord(record: ExampleRecord): Promise<string> {
  await mkdir(RESULTS, { recursive: true });
  const { example, part } = record;
  const path = join(RESULTS, `${part === undefined ? example : `${example}.${part}`}.json`);
  await writeFile(path, `${JSON.stringify(record, null, 2)}\n`);
  return path;
}
