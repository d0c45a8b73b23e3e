import { mkdir } from 'node:fs/promises';
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
  const directory = enginesDirectory();
  await mkdir(directory, { recursive: true });
  if (await lockfile.check(directory, { stale: STALE })) onStep?.('waiting for another install to end');
  const release = await lockfile
    .lock(directory, {
      stale: STALE,
      update: 2000,
      retries: { forever: true, minTimeout: 200, maxTimeout: 1000 },
    })
    .catch((cause: unknown) => {
      throw new DistillError('ENGINE', `Expected ${directory} to be a folder that can be written.`, {
        where: 'engine install',
        hint: 'Set DISTILL_CACHE to one.',
        cause,
      });
    });
  try {
    return await work();
  } finally {
    await release().catch(() => undefined);
  }
}
