import { quantile } from './summarize.js';

/** How long one forward pass takes, milliseconds. */
export interface Latency {
  /** Samples of one pass. */
  readonly batch: number;
  /** Median. */
  readonly p50: number;
  /** 95 of 100 passes are faster. */
  readonly p95: number;
}

export interface LatencyOptions {
  /** Passes measured. Default 50. */
  readonly runs?: number | undefined;
  /** Passes before, which compile shaders and fill caches. Default 5. */
  readonly warmUp?: number | undefined;
  /** No further pass begins after so many milliseconds. Default 2,000. */
  readonly limit?: number | undefined;
}

/**
 * Times a forward pass, from its call to its numbers in JavaScript.
 *
 * @param run One pass. Resolves when its output has been read: a GPU would only have queued it.
 * @returns Quantiles over at least three passes.
 * @example await measureLatency(1, () => useAndDispose(model.predict(image).data())) // { batch: 1, p50: 0.4, p95: 0.6 }
 */
export async function measureLatency(
  batch: number,
  run: () => Promise<void>,
  { runs = 50, warmUp = 5, limit = 2000 }: LatencyOptions = {},
): Promise<Latency> {
  const times: number[] = [];
  const began = performance.now();
  const inTime = () => performance.now() - began < limit;
  for (let i = 0; i < warmUp && (i === 0 || inTime()); i++) await run();
  while (times.length < Math.min(runs, 3) || (times.length < runs && inTime())) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return { batch, p50: quantile(times, 0.5), p95: quantile(times, 0.95) };
}
