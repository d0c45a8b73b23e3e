import { dispose, engine } from '@tensorflow/tfjs-core';

/**
 * Frees what a gradient tape still holds after an exception: tfjs-core does so only if the forward
 * pass returns.
 */
export function releaseTape(): void {
  const { state } = engine();
  if (state.gradientDepth > 0) return; // somebody's outer gradient still needs it
  for (const { saved = [] } of state.activeTape ?? []) dispose(saved);
  state.activeTape = undefined as never; // what the next tape starts from
}
