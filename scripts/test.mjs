// npm test: sets up what is missing, checks types, lint and format, runs the suite on every engine that is here.
// npm test -- --ci: also the slow tests, those of many processes and in browsers, and the suite on the newest Node.
import { join } from 'node:path';
import { findBrowsers } from './browsers.mjs';
import { ensureEngine } from './ensureEngine.mjs';
import { ROOT, run, setUp } from './setUp.mjs';
import { runSuite } from './runSuite.mjs';
import { scaleTools } from './scaleTools.mjs';

/** Tests whose outcome may depend on the engine; the others run once. */
const BY_ENGINE = ['test/core', 'test/losses', 'test/integration'];

const totals = { passed: 0, failed: 0, skipped: 0, failures: [] };
const bin = (name) => join(ROOT, 'node_modules', '.bin', name);

setUp();
const native = ensureEngine(process.argv.slice(2));

check('types', 'tsc', ['-b']);
check('lint', 'eslint', ['.']);
check('format', 'prettier', ['--check', '.']);
suite('everything, on wasm', { TEST_ENGINE: 'wasm' }, []);
suite('engine-dependent tests, on cpu', { TEST_ENGINE: 'cpu' }, BY_ENGINE);
if (native)
  suite('engine-dependent tests, on native TensorFlow', { TEST_ENGINE: 'tensorflow' }, [
    ...BY_ENGINE,
    'test/node/compiled',
  ]);
else
  console.log(
    '\n# native TensorFlow is not here: the tests did not run on it (`npx distill engine list` says why)',
  );
if (process.argv.includes('--ci')) {
  const newest = newestNode();
  if (newest) suite('everything, on the newest Node', { TEST_ENGINE: 'wasm' }, [], newest);
  const KILLS = process.env.KILLS ?? '5';
  if (native)
    suite('compiled against eager steps, on native TensorFlow', { TEST_ENGINE: 'tensorflow' }, [
      '--config',
      'vitest.slow.config.ts',
      'test/slow/compiled',
    ]);
  suite('slow tests', { KILLS }, ['--config', 'vitest.slow.config.ts']);
  suite('past one machine', { KILLS, ...scaleTools() }, ['--config', 'vitest.scale.config.ts']);
  suite('pages in real browsers', findBrowsers(), ['--config', 'vitest.browser.config.ts']);
}
suite('hooks where code from strings is forbidden', { TEST_ENGINE: 'cpu' }, [
  '--config',
  'vitest.noeval.config.ts',
]);

const { passed, failed, skipped, failures } = totals;
if (failures.length > 0) console.log(['\n# failed', ...failures].join('\n'));
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);

function check(name, program, parameters) {
  console.log(`\n# ${name}`);
  const { status } = run(bin(program), parameters);
  totals[status === 0 ? 'passed' : 'failed'] += 1;
  if (status !== 0) totals.failures.push(name);
}

function suite(name, env, parameters, node) {
  const counts = runSuite(name, env, parameters, node);
  for (const key of ['passed', 'failed', 'skipped']) totals[key] += counts[key];
  totals.failures.push(...counts.failures);
}

/** The npm packages node-PLATFORM-ARCH carry the binaries; the suite must pass on more than the oldest Node. */
function newestNode() {
  const name = `node-${process.platform}-${process.arch}`;
  const prefix = join(ROOT, '.cache', 'newest-node');
  const { status } = run('npm', [
    'install',
    '--prefix',
    prefix,
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    `${name}@latest`,
  ]);
  if (status === 0) return join(prefix, 'node_modules', name, 'bin', 'node');
  console.log(`# ${name} could not be had: the suite did not run on the newest Node`);
  return undefined;
}
