import path from 'node:path';
import envPaths from 'env-paths';

/**
 * The per-user folder of native engines: `DISTILL_CACHE`/engines where that is set, else in the system's cache folder
 * (`~/.cache/tfjs-distill/engines` on Linux, `XDG_CACHE_HOME` respected).
 */
export function enginesDirectory(): string {
  const cache = process.env['DISTILL_CACHE'] ?? envPaths('tfjs-distill', { suffix: '' }).cache;
  return path.resolve(cache, 'engines');
}

/** Where installs put together what is not yet complete; kept between runs, so that a broken install goes on. */
export const workDirectory = (name: string): string => path.join(enginesDirectory(), '.work', name);

/** Kept answers of probing child processes. */
export const verdictsDirectory = (): string => path.join(enginesDirectory(), '.verdicts');
