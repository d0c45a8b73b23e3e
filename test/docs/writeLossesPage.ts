/** Writes docs/losses.md; run by scripts/lossesTable.mjs. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { LOSSES_PAGE, lossesPage } from './lossesTable.js';

mkdirSync(new URL('.', LOSSES_PAGE), { recursive: true });
writeFileSync(LOSSES_PAGE, await lossesPage());
