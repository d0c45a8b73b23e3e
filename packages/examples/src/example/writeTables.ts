import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { type ExampleRecord } from './ExampleRecord.js';
import { withTable } from './withTable.js';

const EXAMPLES = fileURLToPath(new URL('../../', import.meta.url));

/** Puts every committed record into its example's README. With `--check` it only says which are out of date. */
const check = process.argv.includes('--check');
const stale: string[] = [];
for (const file of (await readdir(join(EXAMPLES, 'results'))).filter((name) => name.endsWith('.json'))) {
  const record = JSON.parse(await readFile(join(EXAMPLES, 'results', file), 'utf8')) as ExampleRecord;
  const path = join(EXAMPLES, 'src', record.example, 'README.md');
  const before = await readFile(path, 'utf8');
  const options = await resolveConfig(path);
  const after = await format(withTable(before, record), { ...options, parser: 'markdown' });
  if (after === before) continue;
  stale.push(path);
  if (!check) await writeFile(path, after);
}
process.stdout.write(stale.map((path) => `${check ? 'out of date' : 'written'}: ${path}\n`).join(''));
process.exitCode = check && stale.length > 0 ? 1 : 0;
