import { type Logs } from '../context.js';
import { type State } from '../checkpoint/State.js';
import { type ImprovementOptions, isBetter, watchedMetric } from './Improvement.js';

/** Counts the epochs in which a metric has not become better. */
export class Patience {
  readonly #watch: ImprovementOptions;
  readonly #epochs: number;
  readonly #where: string;
  #best: number | undefined;
  #waited = 0;

  /**
   * @param epochs Without improvement that are put up with, ≥ 1.
   * @param where Who watches, for messages.
   */
  constructor(watch: ImprovementOptions, epochs: number, where: string) {
    this.#watch = watch;
    this.#epochs = epochs;
    this.#where = where;
  }

  begin(): void {
    this.#best = undefined;
    this.#waited = 0;
  }

  /** Counts an epoch. @returns The metric's name once patience has run out. */
  lost(logs: Logs): string | undefined {
    const metric = watchedMetric(logs, this.#watch.metric, this.#where);
    const value = logs[metric] ?? NaN;
    const better = isBetter(value, this.#best, { ...this.#watch, metric });
    if (better) this.#best = value;
    this.#waited = better ? 0 : this.#waited + 1;
    return this.#waited < this.#epochs ? undefined : metric;
  }

  /** Waits again from here on; the best so far stays. */
  renew(): void {
    this.#waited = 0;
  }

  state(): State {
    return { best: this.#best ?? null, waited: this.#waited };
  }

  restore({ best, waited }: State): void {
    this.#best = (best as number | null) ?? undefined;
    this.#waited = waited as number;
  }
}
