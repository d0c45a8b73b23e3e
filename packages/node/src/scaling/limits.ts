import { type Prediction } from './Prediction.js';

/** Where more workers stop being worth their price. */
export interface Limit {
  /** Most workers of which at least half of the time is of use. */
  readonly workers: number;
  /** What takes most of the time that more workers do not shorten, one worker later. */
  readonly part: string;
}

const MOST = 2 ** 24;

/**
 * The number of workers at which efficiency falls below one half, and what keeps more from being of use.
 *
 * With `T(W) = P/W + F` that is where `W = P/F + 2`: more than half of the time is then spent on `F`, which no worker
 * shortens (Amdahl's law). Found by bisection, so it holds for costs of any form that falls through one half once.
 *
 * @param predict Time of the work by workers; `undefined` where there cannot be as many.
 * @param shared Parts that more workers do shorten.
 * @returns `undefined` if 16 million workers are still of use.
 * @see Amdahl, Validity of the single processor approach, 1967: https://doi.org/10.1145/1465482.1465560
 */
export function limitOf(
  predict: (workers: number) => Prediction | undefined,
  shared: readonly string[],
): Limit | undefined {
  const isUseful = (workers: number) => (predict(workers)?.efficiency ?? 0) >= 0.5;
  if (isUseful(MOST)) return undefined;
  let [most, tooMany] = [1, MOST];
  while (tooMany - most > 1) {
    const middle = Math.floor((most + tooMany) / 2);
    if (isUseful(middle)) most = middle;
    else tooMany = middle;
  }
  const after = predict(tooMany);
  if (after === undefined) return { workers: most, part: 'the batch size' };
  const staying = Object.entries(after.spent).filter(([part]) => !shared.includes(part));
  const [part] = staying.reduce((a, b) => (b[1] > a[1] ? b : a));
  return { workers: most, part };
}
