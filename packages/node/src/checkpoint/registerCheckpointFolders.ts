import { registerCheckpointRouter } from '@tfjs-distill/core';
import { checkpointFolder } from './checkpointFolder.js';

let registered = false;

/** Makes folders usable by name: `resume: 'runs/a'`, `checkpoints({ dir: 'runs/a' })`. `selectEngine` calls it. */
export function registerCheckpointFolders(): void {
  if (registered) return;
  registered = true;
  registerCheckpointRouter(checkpointFolder);
}
