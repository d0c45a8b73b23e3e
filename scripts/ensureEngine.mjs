import { spawnSync } from 'node:child_process';

const chosen = (args) => args.some((arg) => arg === '--engine' || arg.startsWith('--engine='));

/**
 * Sees that the native engine is installed, after `npm ci`; where that cannot be done, wasm runs. Whoever chooses an
 * engine, by `--engine` or `DISTILL_ENGINE`, has chosen: nothing is fetched.
 */
export function ensureEngine(args = process.argv.slice(2), env = process.env) {
  if (chosen(args) || env.DISTILL_ENGINE) return;
  const command = new URL('../packages/node/bin/distill.js', import.meta.url).pathname;
  spawnSync(process.execPath, [command, 'engine', 'ensure'], { stdio: 'inherit', env });
}

if (process.argv[1] === new URL(import.meta.url).pathname) ensureEngine();
