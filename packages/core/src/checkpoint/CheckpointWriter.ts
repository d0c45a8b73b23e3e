import { checkpointName, checkpointNames } from './checkpointFiles.js';
import { type CheckpointStore } from './CheckpointStore.js';
import { encodeCheckpoint } from './encodeCheckpoint.js';
import { disposeState } from './mapState.js';
import { type State } from './State.js';

/** Holds the newest state of a training, and writes it where and when it is asked to. */
export class CheckpointWriter {
  readonly #store: CheckpointStore;
  readonly #keep: number;
  #held: { readonly state: State; readonly steps: number; written: boolean } | undefined;
  #failed = false;

  /** @param keep How many numbered checkpoints stay. */
  constructor(store: CheckpointStore, keep: number) {
    this.#store = store;
    this.#keep = keep;
  }

  /** Takes a state over, in place of the one before. */
  hold(state: State, steps: number): void {
    this.release();
    this.#held = { state, steps, written: false };
  }

  /** Writes what is held under its number, unless that is done; then removes the oldest beyond those that stay. */
  async write(): Promise<void> {
    if (this.#held === undefined || this.#held.written) return;
    await this.writeAs(checkpointName(this.#held.steps));
    this.#held.written = true;
    const old = (await checkpointNames(this.#store)).slice(this.#keep);
    for (const name of old) await this.#store.remove(name);
  }

  async writeAs(name: string): Promise<void> {
    if (this.#held === undefined) return;
    this.#failed = true; // until the opposite is true
    await this.#store.write(name, await encodeCheckpoint(this.#held.state));
    this.#failed = false;
  }

  /** After an error: writes what is held, unless it was the writing that failed. */
  async rescue(): Promise<void> {
    try {
      if (!this.#failed) await this.write();
    } finally {
      this.release();
      this.#failed = false;
    }
  }

  release(): void {
    if (this.#held !== undefined) disposeState(this.#held.state);
    this.#held = undefined;
  }
}
