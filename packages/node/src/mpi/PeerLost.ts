import { DistillError } from '@tfjs-distill/core';

/** Another rank of the training has failed or is gone; this one cannot go on. */
export class PeerLost extends DistillError {
  override readonly name = 'PeerLost';

  /** @param told Whether the other rank could say so itself, and thus to its own user. */
  constructor(
    readonly rank: number,
    size: number,
    what: string,
    readonly told: boolean,
  ) {
    super('ENGINE', `Rank ${rank} of ${size} ${what}.`, {
      hint: 'The last checkpoint is whole: --resume goes on with it, on any number of ranks.',
    });
  }
}
