import { DistillError, messageOf } from '../errors.js';
import { type CheckpointStore } from './CheckpointStore.js';
import { decodeCheckpoint } from './encodeCheckpoint.js';
import { type State } from './State.js';

const SUFFIX = '.safetensors';
/** The checkpoint of the best epoch. */
export const BEST = `best${SUFFIX}`;
const NUMBERED = /^step-(\d+)\.safetensors$/;

/** Name of the checkpoint after so many steps; by name they sort by steps. `step-000000120.safetensors`. */
export const checkpointName = (steps: number): string => `step-${String(steps).padStart(9, '0')}${SUFFIX}`;

/** The numbered checkpoints of a store, newest first. */
export async function checkpointNames(store: CheckpointStore): Promise<string[]> {
  const names = await store.list();
  return names.filter((name) => NUMBERED.test(name)).sort((a, b) => stepsOf(b) - stepsOf(a));
}

const stepsOf = (name: string): number => Number(NUMBERED.exec(name)?.[1]);

/** A checkpoint that was read. */
export interface LoadedCheckpoint {
  readonly name: string;
  /** Its tensors are the caller's. */
  readonly state: State;
  /** Newer ones that are damaged, each with the reason. */
  readonly damaged: readonly string[];
}

/**
 * The newest complete checkpoint; damaged ones are passed over, and named.
 *
 * @returns `undefined` if there is none at all.
 * @throws DistillError `DATA` if there are some and all of them are damaged.
 */
export async function newestCheckpoint(store: CheckpointStore): Promise<LoadedCheckpoint | undefined> {
  const damaged: string[] = [];
  for (const name of await checkpointNames(store)) {
    try {
      return { name, state: await decodeCheckpoint(await store.read(name)), damaged };
    } catch (error) {
      damaged.push(`${name}: ${messageOf(error)}`);
    }
  }
  if (damaged.length === 0) return undefined;
  throw new DistillError('DATA', `No checkpoint in ${store.name} can be used. ${damaged.join(' ')}`, {
    where: 'resume',
    hint: 'Restore one from a backup, or start anew without `resume`.',
  });
}

/** The same where there has to be one. */
export async function requireCheckpoint(store: CheckpointStore): Promise<LoadedCheckpoint> {
  const found = await newestCheckpoint(store);
  if (found !== undefined) return found;
  throw new DistillError('DATA', `There is no checkpoint in ${store.name}.`, {
    where: 'resume',
    hint: 'Is it the right place? To start anew leave `resume` out.',
  });
}
