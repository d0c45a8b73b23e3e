import { type LazyScalar, type State } from '@tfjs-distill/core';
import { type Collective } from './Collective.js';

/** Means of an epoch's losses over the samples of all ranks. */
export class RankMeans {
  readonly #ranks: Collective;
  #sums = new Map<string, number>();
  #steps = 0;

  constructor(ranks: Collective) {
    this.#ranks = ranks;
  }

  reset(): void {
    this.#sums = new Map();
    this.#steps = 0;
  }

  /**
   * Adds a step's losses. One reduction carries a flag along.
   *
   * @param shareOf Part of the batch that this rank has seen, 0 to 1, of the samples that a loss is the mean over.
   * @param flag Whether this rank raises it.
   * @returns Whether any rank has raised it.
   */
  async add(
    losses: Readonly<Record<string, LazyScalar>>,
    shareOf: (name: string) => number,
    flag: boolean,
  ): Promise<boolean> {
    const names = Object.keys(losses);
    const values = await Promise.all(Object.values(losses).map((loss) => loss.value()));
    const shares = names.map(shareOf);
    const parts = values.map((value, i) => (shares[i] === 0 ? 0 : value * (shares[i] ?? 0)));
    const numbers = Float32Array.from([Number(flag), ...parts]);
    this.#ranks.allReduceSum(numbers);
    names.forEach((name, i) => this.#sums.set(name, (this.#sums.get(name) ?? 0) + (numbers[i + 1] ?? NaN)));
    this.#steps += 1;
    return numbers[0] !== 0;
  }

  /** Mean of each loss over the steps so far. */
  get means(): readonly (readonly [name: string, mean: number])[] {
    return [...this.#sums].map(([name, sum]) => [name, sum / this.#steps]);
  }

  get state(): State {
    return { sums: Object.fromEntries(this.#sums), steps: this.#steps };
  }

  restore({ sums, steps }: State): void {
    this.#sums = new Map(Object.entries(sums as Readonly<Record<string, number>>));
    this.#steps = steps as number;
  }
}
