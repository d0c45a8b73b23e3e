import { PeerLost } from './PeerLost.js';

/** The loss of another rank that an error tells of, itself or by what caused it. */
export function lossOf(error: unknown): PeerLost | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof PeerLost) return cause;
  return undefined;
}
