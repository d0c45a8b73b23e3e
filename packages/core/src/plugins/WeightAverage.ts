import { type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { type State } from '../checkpoint/State.js';
import { averageStep, decayAt } from './averageStep.js';
import { Snapshot } from './Snapshot.js';

export interface WeightAverageOptions {
  /** Share of the old average that a step keeps, from 0 below 1. */
  readonly decay: number;
  /** Whether the decay starts low and rises to its value; see `decayAt`. */
  readonly warmUp: boolean;
}

/**
 * An exponential moving average of variables over the steps, the first of which it starts from.
 *
 * @example
 * const average = new WeightAverage({ decay: 0.999, warmUp: true });
 * average.update(weights); // after each step
 */
export class WeightAverage {
  readonly #options: WeightAverageOptions;
  #updates = 0;
  #averages: Snapshot | undefined;

  constructor(options: WeightAverageOptions) {
    this.#options = options;
  }

  /** The averages; `undefined` before the first step. Owned by this object. */
  get averages(): Snapshot | undefined {
    return this.#averages;
  }

  /** Forgets all steps. */
  begin(): void {
    this.dispose();
    this.#updates = 0;
  }

  update(weights: readonly Variable[]): void {
    const { decay, warmUp } = this.#options;
    const rate = warmUp ? decayAt(decay, this.#updates) : decay;
    this.#updates += 1;
    const before = this.#averages;
    this.#replace(new Snapshot(weights, before && averageStep(before.values, weights, rate)));
  }

  state(): State {
    return { updates: this.#updates, averages: this.#averages?.values ?? null };
  }

  restore({ updates, averages }: State, weights: readonly Variable[]): void {
    this.#updates = updates as number;
    this.#replace(averages === null ? undefined : new Snapshot(weights, averages as readonly Tensor[]));
  }

  dispose(): void {
    this.#replace(undefined);
  }

  #replace(next: Snapshot | undefined): void {
    this.#averages?.dispose();
    this.#averages = next;
  }
}
