// npm run test:scale: labelling by many workers, training on many ranks, one model server for many students.
import { runSuite } from './runSuite.mjs';
import { scaleTools } from './scaleTools.mjs';
import { setUp } from './setUp.mjs';

setUp();
const parameters = ['--config', 'vitest.scale.config.ts', ...process.argv.slice(2)];
const { passed, failed, skipped } = runSuite('past one machine', scaleTools(), parameters);
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);
