import { type Collective } from './Collective.js';

/** Rank 0's bytes, of a length that only it knows, on all ranks. */
export function broadcastBytes(ranks: Collective, bytes: Uint8Array | undefined): Uint8Array {
  const length = new BigUint64Array([BigInt(bytes?.length ?? 0)]);
  ranks.broadcast(new Uint8Array(length.buffer));
  const all = bytes ?? new Uint8Array(Number(length[0]));
  ranks.broadcast(all);
  return all;
}
