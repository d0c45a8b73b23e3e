import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import envPaths from 'env-paths';

/** Graphs kept between processes; the oldest goes when another comes. */
const KEPT = 256;

/** The per-user folder of written graphs: `DISTILL_CACHE`/graphs where that is set, else in the system's cache folder. */
export function graphsDirectory(): string {
  const cache = process.env['DISTILL_CACHE'] ?? envPaths('tfjs-distill', { suffix: '' }).cache;
  return path.resolve(cache, 'graphs');
}

/**
 * Puts a SavedModel where TensorFlow can load it; the same bytes go to the same place, once.
 *
 * @param config A ConfigProto for its session, which the engine that `distill engine install` builds reads beside it.
 * @returns Its folder.
 */
export function storeGraph(bytes: Uint8Array, config?: Uint8Array, root = graphsDirectory()): string {
  const hash = createHash('sha256').update(bytes);
  if (config) hash.update('config').update(config);
  const name = hash.digest('hex').slice(0, 32);
  const directory = path.join(root, name);
  if (existsSync(path.join(directory, 'saved_model.pb'))) {
    const now = new Date();
    utimesSync(directory, now, now); // in use: the last to be dropped
    return directory;
  }
  const draft = path.join(root, `.${name}-${randomUUID()}`);
  mkdirSync(draft, { recursive: true });
  writeFileSync(path.join(draft, 'saved_model.pb'), bytes);
  if (config) writeFileSync(path.join(draft, 'session_config.pb'), config);
  try {
    renameSync(draft, directory);
  } catch {
    rmSync(draft, { recursive: true, force: true }); // another process was first, with the same bytes
  }
  dropOldest(root, KEPT);
  return directory;
}

function dropOldest(root: string, keep: number): void {
  const folders = readdirSync(root).map((name) => path.join(root, name));
  if (folders.length <= keep) return;
  const age = (folder: string) => statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const oldest = folders.map((folder) => ({ folder, time: age(folder) })).toSorted((a, b) => a.time - b.time);
  for (const { folder } of oldest.slice(0, folders.length - keep)) {
    rmSync(folder, { recursive: true, force: true });
  }
}
