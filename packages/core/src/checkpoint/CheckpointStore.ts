import { expected } from '../errors.js';

/** Where checkpoints are kept: named files, each there as a whole or not at all. */
export interface CheckpointStore {
  /** For messages, e.g. the folder. */
  readonly name: string;
  /** Names of all files, in any order; empty if nothing was written yet. */
  list(): Promise<readonly string[]>;
  /** @throws DistillError if there is no such file. */
  read(name: string): Promise<Uint8Array>;
  /** Replaces the file, or leaves the old one as it was. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  /** Refuses a place that cannot be written to, before any training. */
  prepare?(): Promise<void>;
}

/** Checkpoints in memory, for tests and pages. */
export function memoryCheckpoints(name = 'memory'): CheckpointStore {
  const files = new Map<string, Uint8Array>();
  return {
    name,
    list: () => Promise.resolve([...files.keys()]),
    read: (file) => {
      const bytes = files.get(file);
      return bytes === undefined
        ? Promise.reject(expected('file', 'there', file, { where: name }))
        : Promise.resolve(bytes);
    },
    write: (file, bytes) => Promise.resolve(void files.set(file, bytes.slice())),
    remove: (file) => Promise.resolve(void files.delete(file)),
  };
}

type Router = (location: string) => CheckpointStore | undefined;
const routers: Router[] = [];

/**
 * Makes locations such as `runs/a` usable for `resume` and `checkpoints`, as tf.io's routers do for models. The node
 * package registers folders.
 *
 * @returns Undo.
 */
export function registerCheckpointRouter(router: Router): () => void {
  routers.push(router);
  return () => void routers.splice(routers.indexOf(router), 1);
}

/** The store at a location; a store stays as it is. */
export function checkpointStore(location: string | CheckpointStore): CheckpointStore {
  if (typeof location !== 'string') return location;
  for (const router of routers) {
    const store = router(location);
    if (store !== undefined) return store;
  }
  throw expected('dir', 'a checkpoint store', location, {
    hint: 'For folders call registerCheckpointFolders() of @tfjs-distill/node, or pass checkpointFolder(dir).',
  });
}
