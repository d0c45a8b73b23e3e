import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const DISTILL = fileURLToPath(new URL('../packages/node/bin/distill.js', import.meta.url));

/**
 * Sees that the native engine is installed; where that cannot be done, one line says why, and wasm runs. Whoever
 * chooses an engine, by `--engine` or `DISTILL_ENGINE`, has chosen: nothing is fetched. Call it after `npm ci`.
 *
 * @returns Whether the native engine is usable.
 */
export function ensureEngine(parameters) {
  const chosen =
    parameters.some((word) => word.startsWith('--engine')) || Boolean(process.env.DISTILL_ENGINE);
  const { stdout } = spawnSync(
    process.execPath,
    [DISTILL, 'engine', 'ensure', ...(chosen ? ['--dry-run'] : [])],
    {
      stdio: ['inherit', 'pipe', 'inherit'],
      encoding: 'utf8',
    },
  );
  return ['present', 'installed'].includes(stdout.trim());
}
