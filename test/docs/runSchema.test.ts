import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RUN_SCHEMA, RUNS_PAGE, runSchemaText, runsPage } from './runSchema.js';

describe('what is generated from the schema of runs', () => {
  it('run.schema.json is what `node scripts/runSchema.mjs` writes', () => {
    expect(readFileSync(RUN_SCHEMA, 'utf8')).toBe(runSchemaText());
  });

  it('the reference in docs/runs.md is too', async () => {
    const page = readFileSync(RUNS_PAGE, 'utf8');
    expect(page).toBe(await runsPage(page));
    expect(page).toMatch(/^\| `criterion` +\|/m);
  });
});
