// npm start: sets up what is missing, then runs the main job, the MNIST distillation.
import { ensureEngine } from './ensureEngine.mjs';
import { runSource, setUp } from './setUp.mjs';

const parameters = process.argv.slice(2);
setUp();
ensureEngine(parameters);
const { status } = runSource('packages/examples/src/mnist-distiller/main.ts', parameters);
process.exit(status ?? 1);
