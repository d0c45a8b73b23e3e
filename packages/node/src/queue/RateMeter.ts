/** Milliseconds that a rate is of: long enough for a slow teacher's batches, short enough to show a change. */
const SPAN = 15_000;

/** Counts what happened lately, a second. */
export class RateMeter {
  readonly #since: number;
  #events: { readonly at: number; readonly count: number }[] = [];

  /** @param now Milliseconds, of the same clock as later. */
  constructor(now: number) {
    this.#since = now;
  }

  add(count: number, now: number): void {
    this.#events.push({ at: now, count });
    this.#forget(now);
  }

  perSecond(now: number): number {
    this.#forget(now);
    const span = Math.min(SPAN, now - this.#since);
    return span <= 0 ? 0 : (1000 * this.#events.reduce((sum, { count }) => sum + count, 0)) / span;
  }

  #forget(now: number): void {
    this.#events = this.#events.filter(({ at }) => now - at < SPAN);
  }
}
