import { readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { withInstallLock } from './install/lock.js';
import { placedCopies } from './install/placeBinding.js';
import { type NativeKind, nativeKinds, readInstalled } from './installed.js';
import { enginesDirectory, verdictsDirectory } from './paths.js';

/**
 * Removes what installs made: the kind's engine, copies of its binding in projects, leftovers of broken installs.
 *
 * @returns The files and folders that are gone; empty where there was nothing.
 */
export async function removeEngine(kind: NativeKind): Promise<string[]> {
  return withInstallLock(undefined, async () => {
    const installed = await readInstalled(kind);
    const gone = installed ? await removeCopies(installed.directory, installed.binding) : [];
    const { name } = nativeKinds[kind];
    const directory = path.join(enginesDirectory(), name);
    // out of sight first, so that nobody loads half of it
    const hidden = `${directory}.old-${process.pid}`;
    const wasThere = await rename(directory, hidden).then(
      () => true,
      () => false,
    );
    await rm(hidden, { recursive: true, force: true });
    await rm(path.join(enginesDirectory(), '.work'), { recursive: true, force: true });
    await rm(verdictsDirectory(), { recursive: true, force: true });
    return wasThere ? [...gone, directory] : gone;
  });
}

/** A copy that is no longer ours, because the project rebuilt it, stays. */
async function removeCopies(directory: string, binding: string): Promise<string[]> {
  const ours = await readFile(binding).catch(() => undefined);
  const gone: string[] = [];
  for (const copy of await placedCopies(directory)) {
    const bytes = await readFile(copy).catch(() => undefined);
    if (!bytes || !ours?.equals(bytes)) continue;
    await rm(copy);
    gone.push(copy);
  }
  return gone;
}
