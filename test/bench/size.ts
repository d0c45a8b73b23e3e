/**
 * What the library adds to a page beside TensorFlow.js, and what each criterion adds to that.
 *
 *     npm run bench -- size             ends with `core-gzip N kB`
 *     npm run bench -- size --record    keeps the numbers for docs/losses.md
 */
import { writeFile } from 'node:fs/promises';
import { methodNotes, SIZES } from '../docs/lossesTable.js';
import { addedSize, bundleSize, CORE, INJECTED, kilobytes } from './bundleSize.js';

const DEPENDENCIES = { zod: ['zod'], tapable: ['tapable'] };

const core = await bundleSize(CORE);
const added: Record<string, number> = {};
for (const { type, criterion } of methodNotes()) {
  added[type] = await addedSize(criterion, core);
  console.log(`${type} +${kilobytes(added[type])} kB`);
}
for (const [name, packages] of Object.entries(DEPENDENCIES)) {
  console.log(`of the core ${kilobytes(core - (await bundleSize(CORE, packages)))} kB are ${name}`);
}
console.log(`injection by inversify +${kilobytes((await bundleSize(INJECTED)) - core)} kB`);
if (process.argv.includes('--record'))
  await writeFile(SIZES, `${JSON.stringify({ core, added }, null, 2)}\n`);
console.log(`core-gzip ${kilobytes(core)} kB`);
