import { link, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type InstalledEngine } from '../installed.js';
import { sha256 } from '../sha256.js';

/** What wheels leave in an engine's folder. */
const FOLDERS = /^(tensorflow|nvidia|.*\.dist-info)$/;

/** Checksums of all that came out of wheels, by path within the engine's folder: what a later repair may trust. */
export async function librarySums(directory: string): Promise<Record<string, string>> {
  const folders = (await readdir(directory)).filter((name) => FOLDERS.test(name));
  const sums: Record<string, string> = {};
  for (const folder of folders) {
    const entries = await readdir(path.join(directory, folder), { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((each) => each.isFile())) {
      const file = path.join(entry.parentPath, entry.name);
      sums[path.relative(directory, file)] = await sha256(file);
    }
  }
  return sums;
}

/**
 * Takes over the libraries of an engine that is there, as links, where every one is what it was when it was unpacked:
 * a repair then fetches no wheel.
 *
 * @returns False where one is missing or differs; nothing was taken over then.
 */
export async function reuseLibraries({ directory, files }: InstalledEngine, stage: string): Promise<boolean> {
  const expected = Object.entries(files);
  if (expected.length === 0) return false;
  for (const [file, sum] of expected) {
    if ((await sha256(path.join(directory, file)).catch(() => undefined)) !== sum) return false;
  }
  for (const [file] of expected) {
    const target = path.join(stage, file);
    await mkdir(path.dirname(target), { recursive: true });
    await rm(target, { force: true });
    await link(path.join(directory, file), target);
  }
  return true;
}
