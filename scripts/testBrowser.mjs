// npm run test:browser: builds pages from the packed packages, and runs them in the browsers of this machine.
import { findBrowsers } from './browsers.mjs';
import { runSuite } from './runSuite.mjs';
import { setUp } from './setUp.mjs';

setUp();
const parameters = ['--config', 'vitest.browser.config.ts', ...process.argv.slice(2)];
const { passed, failed, skipped } = runSuite('pages in real browsers', findBrowsers(), parameters);
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);
