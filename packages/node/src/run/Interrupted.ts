import { DistillError } from '@tfjs-distill/core';

/** The run was asked to stop; it can be resumed. */
export class Interrupted extends DistillError {
  override readonly name = 'Interrupted';

  /** @param kept What is not lost, e.g. `a checkpoint is written`. */
  constructor(folder: string, kept: string) {
    super('ORDER', `Stopped; ${kept}. --resume goes on with it.`, { where: folder });
  }
}
