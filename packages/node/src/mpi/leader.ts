import { broadcastBytes } from './broadcastBytes.js';
import { type Collective } from './Collective.js';

/** What every rank does, rank 0 before the others: it fetches what they find, and its errors are the first. */
export async function leaderFirst<T>(ranks: Collective, action: () => Promise<T>): Promise<T> {
  if (ranks.rank !== 0) {
    await ranks.barrier();
    return action();
  }
  const done = await action();
  await ranks.barrier();
  return done;
}

/**
 * What rank 0 alone does, and all ranks are told of.
 *
 * @param action Gives plain JSON, or nothing.
 */
export async function byLeader<T>(ranks: Collective, action: () => Promise<T>): Promise<T> {
  if (ranks.size === 1) return action();
  if (ranks.rank === 0) {
    const value = await action();
    await ranks.barrier();
    broadcastBytes(ranks, new TextEncoder().encode(JSON.stringify({ value })));
    return value;
  }
  await ranks.barrier(); // it may take long
  const text = new TextDecoder().decode(broadcastBytes(ranks, undefined));
  return (JSON.parse(text) as { readonly value: T }).value;
}
