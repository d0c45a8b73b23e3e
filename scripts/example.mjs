// npm run example:NAME: sets up what is missing, then runs packages/examples/src/NAME/main.ts.
import { ensureEngine } from './ensureEngine.mjs';
import { runSource, setUp } from './setUp.mjs';

const [name, ...parameters] = process.argv.slice(2);
setUp();
ensureEngine(parameters);
const { status } = runSource(`packages/examples/src/${name}/main.ts`, parameters);
process.exit(status ?? 1);
