import { access, constants, mkdir } from 'node:fs/promises';
import { DistillError } from '@tfjs-distill/core';
import lockfile from 'proper-lockfile';
import { enginesDirectory } from '../paths.js';

/** A holder that was killed is noticed after this long: it no longer touches its lock. Milliseconds. */
const STALE = 10_000;

/**
 * Runs `work` while no other install or removal runs on this machine's engines. A second one waits, and then finds
 * the first one's engine.
 */
export async function withInstallLock<T>(
  onStep: ((step: string) => void) | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const directory = await writableDirectory();
  if (await lockfile.check(directory, { stale: STALE })) onStep?.('waiting for another install to end');
  const retries = { forever: true, minTimeout: 200, maxTimeout: 1000 };
  const release = await lockfile.lock(directory, { stale: STALE, update: 2000, retries });
  try {
    return await work();
  } finally {
    await release().catch(() => undefined);
  }
}

/** Asked for first: the lock would wait forever for a folder that cannot be written. */
async function writableDirectory(): Promise<string> {
  const directory = enginesDirectory();
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
    return directory;
  } catch (cause) {
    throw new DistillError('ENGINE', `Expected ${directory} to be a folder that can be written.`, {
      where: 'engine install',
      hint: 'Set DISTILL_CACHE to one.',
      cause,
    });
  }
}
