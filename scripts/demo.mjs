// npm run demo, npm run demo:build: sets up what is missing, then builds (and serves) the demo page.
import { runSource, setUp } from './setUp.mjs';

setUp();
const { status } = runSource('packages/examples/browser-demo/build/main.ts', process.argv.slice(2));
process.exit(status ?? 1);
