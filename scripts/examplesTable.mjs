// npm run examples:table: writes the committed records of packages/examples/results into the examples' READMEs.
import { fail, runSource, setUp } from './setUp.mjs';

setUp();
const { status } = runSource('packages/examples/src/example/writeTables.ts', process.argv.slice(2));
if (status !== 0) fail('The tables are not written.');
