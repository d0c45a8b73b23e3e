import { type Rank } from '../data/partOf.js';

/**
 * What processes that train together do together: each is a rank, from 0. Every rank calls the same in the same order.
 */
export interface Collective extends Rank {
  /**
   * Adds up the ranks' numbers in place. All ranks get the same sums, to the bit.
   *
   * @param meanwhile Runs while the numbers are on their way.
   * @throws PeerLost if another rank has failed or is gone.
   */
  allReduceSum(values: Float32Array, meanwhile?: () => void): void;
  /** Rank 0's bytes, in place of what the others have there. */
  broadcast(values: Float32Array | Uint8Array): void;
  /** Waits until all ranks have come here, without keeping a processor busy: for minutes too. */
  barrier(): Promise<void>;
  /** Tells the others that this rank has failed; they throw where they wait for it. Nothing works afterwards. */
  abort(reason: string): void;
}

/** A process on its own. */
export const soloCollective: Collective = {
  rank: 0,
  size: 1,
  allReduceSum: (_, meanwhile) => meanwhile?.(),
  broadcast: () => undefined,
  barrier: () => Promise.resolve(),
  abort: () => undefined,
};
