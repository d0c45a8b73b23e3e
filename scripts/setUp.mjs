// Installs the packages if the lock file says that they are not the ones installed. No dependencies: runs first of all.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');
const MINIMUM = [20, 19];
const STAMP = join(ROOT, 'node_modules', '.installed-lock');

/** Exits with one line if this Node is too old; else makes sure that node_modules fits package-lock.json. */
export function setUp() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1])) {
    fail(`Expected Node ${MINIMUM.join('.')} or newer, got ${process.versions.node}.`);
  }
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return;
  console.error('Installing packages (npm ci), once …');
  const { status } = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdout: 2 });
  if (status !== 0) fail('npm ci failed: see the lines above. Is the npm registry within reach?');
  writeFileSync(STAMP, lock);
}

/** Runs a program in the root; its output is ours unless told otherwise. */
export function run(program, parameters, { stdout = 'inherit', env = {} } = {}) {
  return spawnSync(program, parameters, {
    cwd: ROOT,
    stdio: ['inherit', stdout, 'inherit'],
    env: { ...process.env, ...env },
  });
}

/** Runs TypeScript of this repository from source. */
export function runSource(file, parameters, options) {
  const flags = ['--conditions=@tfjs-distill/source', '--import', 'tsx'];
  return run(process.execPath, [...flags, file, ...parameters], options);
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}
