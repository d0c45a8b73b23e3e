import { add, dispose, keep, type Scalar, tidy } from '@tensorflow/tfjs-core';
import { readsAreCheap } from './cheapReads.js';
import { type State } from './checkpoint/State.js';
import { type LazyScalar } from './LazyScalar.js';
import { shareTensor } from './shareTensor.js';

/**
 * Means of an epoch's losses. Summed on the device where a read would stall it, one read an epoch;
 * in JavaScript where reading is cheaper than one more kernel.
 */
export class EpochMeans {
  readonly #sums = new Map<string, number | Scalar>();
  readonly #window: number;
  /** Losses of the last steps that have not been looked at. */
  #waiting: Readonly<Record<string, Scalar>>[] = [];
  #steps = 0;

  /** @param window Steps whose losses are read together: reading one would make the engine run the step at once. */
  constructor(window = 1) {
    this.#window = window;
  }

  async add(losses: Readonly<Record<string, LazyScalar>>): Promise<void> {
    this.#steps += 1;
    if (this.#window > 1) {
      const kept = Object.entries(losses).map(
        ([name, { tensor }]) => [name, keep(shareTensor(tensor))] as const,
      );
      this.#waiting.push(Object.fromEntries(kept));
      if (this.#waiting.length >= this.#window) await this.#look();
      return;
    }
    const cheap = readsAreCheap();
    for (const [name, loss] of Object.entries(losses)) {
      const sum = this.#sums.get(name);
      const inJavaScript = typeof sum === 'number' || (sum === undefined && cheap); // a checkpoint's may be either
      this.#sums.set(name, inJavaScript ? (sum ?? 0) + (await loss.value()) : sumOnDevice(sum, loss.tensor));
    }
  }

  /** Mean of each loss over the steps so far. */
  async read(): Promise<Record<string, number>> {
    await this.#look();
    const means: Record<string, number> = {};
    for (const [name, sum] of this.#sums) {
      const total = typeof sum === 'number' ? sum : (await sum.data())[0];
      means[name] = (total ?? NaN) / this.#steps;
    }
    return means;
  }

  /** The sums so far; tensors among them stay here. */
  get state(): State {
    return { sums: Object.fromEntries(this.#sums), waiting: [...this.#waiting], steps: this.#steps };
  }

  restore(state: State): void {
    this.reset();
    for (const [name, sum] of Object.entries(state['sums'] as Readonly<Record<string, number | Scalar>>)) {
      this.#sums.set(name, typeof sum === 'number' ? sum : keep(shareTensor(sum)));
    }
    for (const losses of (state['waiting'] ?? []) as readonly Readonly<Record<string, Scalar>>[]) {
      const kept = Object.entries(losses).map(([name, loss]) => [name, keep(shareTensor(loss))] as const);
      this.#waiting.push(Object.fromEntries(kept));
    }
    this.#steps = state['steps'] as number;
  }

  reset(): void {
    for (const sum of this.#sums.values()) if (typeof sum === 'object') sum.dispose();
    this.#sums.clear();
    for (const losses of this.#waiting.splice(0)) dispose(losses);
    this.#steps = 0;
  }

  async #look(): Promise<void> {
    for (const losses of this.#waiting.splice(0)) {
      for (const [name, loss] of Object.entries(losses)) {
        const sum = this.#sums.get(name) ?? 0;
        const [value = NaN] = await loss.data();
        const [before = NaN] = typeof sum === 'number' ? [sum] : await sum.data();
        if (typeof sum === 'object') sum.dispose();
        this.#sums.set(name, before + value);
      }
      dispose(losses);
    }
  }
}

function sumOnDevice(sum: Scalar | undefined, loss: Scalar): Scalar {
  const next = keep(sum === undefined ? shareTensor(loss) : tidy(() => add<Scalar>(sum, loss)));
  sum?.dispose();
  return next;
}
