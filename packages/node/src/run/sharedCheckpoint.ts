import { type CheckpointStore, disposeState, memoryCheckpoints, newestCheckpoint } from '@tfjs-distill/core';
import { checkpointFolder } from '../checkpoint/checkpointFolder.js';
import { broadcastBytes } from '../mpi/broadcastBytes.js';
import { type Collective } from '../mpi/Collective.js';
import { byLeader } from '../mpi/leader.js';
import { hasCheckpoint } from './hasCheckpoint.js';

/**
 * The checkpoint that a training goes on from: rank 0's newest whole one, on all ranks; they need not see its folder.
 *
 * @returns For `fit({ resume })`; `undefined` if there is none.
 */
export async function sharedCheckpoint(
  ranks: Collective,
  dir: string,
): Promise<string | CheckpointStore | undefined> {
  if (ranks.size === 1) return (await hasCheckpoint(dir)) ? dir : undefined;
  const folder = checkpointFolder(dir);
  const name = await byLeader(ranks, async () =>
    (await hasCheckpoint(dir)) ? nameOfNewest(folder) : undefined,
  );
  if (name === undefined) return undefined;
  const store = memoryCheckpoints(dir);
  await store.write(name, broadcastBytes(ranks, ranks.rank === 0 ? await folder.read(name) : undefined));
  return store;
}

async function nameOfNewest(folder: CheckpointStore): Promise<string | undefined> {
  const found = await newestCheckpoint(folder);
  if (found) disposeState(found.state);
  return found?.name;
}
