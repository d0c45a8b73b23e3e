import { add, clone, keep, type Scalar, tidy } from '@tensorflow/tfjs-core';
import { type LazyScalar } from './LazyScalar.js';

/** Running sums of an epoch's losses, on the device: one read an epoch and none a step. */
export class EpochMeans {
  readonly #sums = new Map<string, Scalar>();
  #steps = 0;

  add(losses: Readonly<Record<string, LazyScalar>>): void {
    this.#steps += 1;
    for (const [name, { tensor }] of Object.entries(losses)) {
      const sum = this.#sums.get(name);
      this.#sums.set(
        name,
        tidy(() => keep(sum === undefined ? clone(tensor) : add(sum, tensor))),
      );
      sum?.dispose();
    }
  }

  /** Mean of each loss over the steps so far. */
  async read(): Promise<Record<string, number>> {
    const means: Record<string, number> = {};
    for (const [name, sum] of this.#sums) {
      const [total = NaN] = await sum.data();
      means[name] = total / this.#steps;
    }
    return means;
  }

  reset(): void {
    for (const sum of this.#sums.values()) sum.dispose();
    this.#sums.clear();
    this.#steps = 0;
  }
}
