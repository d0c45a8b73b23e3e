import { type CheckpointStore, memoryCheckpoints, messageOf } from '@tfjs-distill/core';
import { createStore, del, get, keys, set } from 'idb-keyval';

const FILES = createStore('tfjs-distill-demo', 'checkpoints');

/**
 * Checkpoints in IndexedDB: a training goes on after the page was reloaded.
 *
 * @param onRefused Hears why nothing can be kept there (storage full, private window). They are then held in memory.
 */
export function browserCheckpoints(onRefused: (reason: string) => void): CheckpointStore {
  const memory = memoryCheckpoints();
  return {
    name: 'this browser',
    list: async () => [...new Set([...(await memory.list()), ...(await keptNames())])],
    read: async (name) => (await get<Uint8Array>(name, FILES).catch(() => undefined)) ?? memory.read(name),
    write: (name, bytes) =>
      set(name, bytes, FILES).catch((error: unknown) => {
        onRefused(messageOf(error));
        return memory.write(name, bytes);
      }),
    remove: async (name) => {
      await memory.remove(name);
      await del(name, FILES).catch(() => undefined); // what cannot be read cannot be in the way
    },
  };
}

const keptNames = (): Promise<string[]> => keys<string>(FILES).catch(() => []);

/** Whether a training was left unfinished in this browser. */
export const hasUnfinished = async (): Promise<boolean> => (await keptNames()).length > 0;
