/** What several measurements of one thing say together. */
export interface Summary {
  readonly count: number;
  readonly mean: number;
  /** Sample standard deviation, `√(Σ (x − mean)² / (n − 1))`; 0 of a single value. */
  readonly sd: number;
  readonly lowest: number;
  readonly highest: number;
}

/**
 * Mean, sample standard deviation and range, such as of one metric over several seeds.
 *
 * @param values At least one; with none everything is `NaN`.
 * @example summarize([0.96, 0.98, 0.97]) // { count: 3, mean: 0.97, sd: 0.01, lowest: 0.96, highest: 0.98 }
 */
export function summarize(values: readonly number[]): Summary {
  const count = values.length;
  if (count === 0) return { count, mean: NaN, sd: NaN, lowest: NaN, highest: NaN };
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const sd = count === 1 ? 0 : Math.sqrt(squares / (count - 1));
  return { count, mean, sd, lowest: Math.min(...values), highest: Math.max(...values) };
}

/**
 * The value that a share of the others lies below, between neighbours by linear interpolation.
 *
 * @param share 0 (lowest) to 1 (highest); 0.5 is the median.
 * @returns `NaN` without values.
 * @example quantile([4, 1, 3, 2], 0.5) // 2.5
 * @see Hyndman, Fan, "Sample Quantiles in Statistical Packages" (1996), definition 7: NumPy's default
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}
