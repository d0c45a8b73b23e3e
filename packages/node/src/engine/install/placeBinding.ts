import { copyFile, mkdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { type InstalledEngine } from '../installed.js';
import { projectPackage } from '../project.js';

const LIST = 'placed.json';

/**
 * Gives a project's own tfjs-node the binding that its install script could not fetch, where tfjs-node looks for it.
 * A binding that is there stays.
 *
 * @returns The file, or `undefined` where the project has no tfjs-node or a complete one.
 */
export async function placeBinding(
  engine: InstalledEngine,
  packageName: string,
  project?: string,
): Promise<string | undefined> {
  const own = await projectPackage(packageName, project);
  if (!own || own.complete) return undefined;
  await mkdir(path.dirname(own.binding), { recursive: true });
  const part = `${own.binding}.part-${process.pid}`;
  await copyFile(engine.binding, part);
  await rename(part, own.binding);
  const copies = new Set([...(await placedCopies(engine.directory)), own.binding]);
  await writeFileAtomic(path.join(engine.directory, LIST), JSON.stringify([...copies]));
  return own.binding;
}

/** Where copies of an engine's binding were put. */
export async function placedCopies(directory: string): Promise<string[]> {
  const text = await readFile(path.join(directory, LIST), 'utf8').catch(() => '[]');
  return JSON.parse(text) as string[];
}
