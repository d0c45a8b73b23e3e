/** The `distill` command from source, for mpirun. */
import { run } from '../../../packages/node/src/cli/main.js';

await run(process.argv.slice(2));
