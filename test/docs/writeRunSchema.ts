/** Writes the schema of runs and their page's reference; run by scripts/runSchema.mjs. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { RUN_SCHEMA, RUNS_PAGE, runSchemaText, runsPage } from './runSchema.js';

mkdirSync(new URL('.', RUN_SCHEMA), { recursive: true });
writeFileSync(RUN_SCHEMA, runSchemaText());
writeFileSync(RUNS_PAGE, await runsPage(readFileSync(RUNS_PAGE, 'utf8')));
