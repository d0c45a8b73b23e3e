import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { type ExampleRecord } from '../../../packages/examples/src/example/ExampleRecord.js';
import { recordFile } from '../../../packages/examples/src/example/keepRecord.js';
import { resultsTable } from '../../../packages/examples/src/example/resultsTable.js';
import { withTable } from '../../../packages/examples/src/example/withTable.js';
import { record } from './record.js';

const BEGIN = '<!-- results: written by `npm run examples:table` -->';
const END = '<!-- end of results -->';
const EXAMPLES = fileURLToPath(new URL('../../../packages/examples/', import.meta.url));

describe('withTable', () => {
  const readme = `# Sample\n\n${BEGIN}\n\nan older table\n\n${END}\n\nWhat follows.\n`;

  it('puts the table between the marks and leaves the rest', () => {
    expect(withTable(readme, record)).toBe(
      `# Sample\n\n${BEGIN}\n\n${resultsTable(record)}\n\n${END}\n\nWhat follows.\n`,
    );
  });

  it('changes nothing the second time', () => {
    const once = withTable(readme, record);
    expect(withTable(once, record)).toBe(once);
  });

  it('puts a part of the results where that part belongs', () => {
    const part = '<!-- results, further: written by `npm run examples:table` -->';
    const both = `${readme}${part}\n${END}\n`;
    const after = withTable(both, { ...record, part: 'further' });
    expect(after).toBe(`${readme}${part}\n\n${resultsTable(record)}\n\n${END}\n`);
    expect(() => withTable(readme, { ...record, part: 'further' })).toThrow(/a text with .*further/);
  });

  it.each(['# Sample\n', `${BEGIN}\n`, `${END}\n${BEGIN}\n`])(
    'refuses a README without both marks',
    (text) => {
      expect(() => withTable(text, record)).toThrow(/^sample: Expected `README` to be a text with/);
    },
  );
});

const results = `${EXAMPLES}results/`;
const kept = existsSync(results) ? readdirSync(results).filter((name) => name.endsWith('.json')) : [];

describe.skipIf(kept.length === 0)(
  `packages/examples/results${kept.length === 0 ? ' (no records)' : ''}`,
  () => {
    it.each(kept)('%s is what its README shows', async (file) => {
      const found = JSON.parse(await readFile(results + file, 'utf8')) as ExampleRecord;
      expect(recordFile(found)).toBe(file);
      const path = `${EXAMPLES}src/${found.example}/README.md`;
      const readme = await readFile(path, 'utf8');
      const options = await resolveConfig(path);
      expect(readme).toBe(await format(withTable(readme, found), { ...options, parser: 'markdown' }));
    });
  },
);

describe('packages/examples/README.md', () => {
  const examples = readdirSync(`${EXAMPLES}src`).filter((name) =>
    existsSync(`${EXAMPLES}src/${name}/main.ts`),
  );

  it('names every example, and each that has a README names it', async () => {
    const index = await readFile(`${EXAMPLES}README.md`, 'utf8');
    expect(examples.length).toBeGreaterThan(10);
    for (const name of examples) {
      expect(index).toContain(`](src/${name})`);
      const readme = await readFile(`${EXAMPLES}src/${name}/README.md`, 'utf8');
      expect(readme, name).toContain('](../../README.md)');
    }
  });
});
