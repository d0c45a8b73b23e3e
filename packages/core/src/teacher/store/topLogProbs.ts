export interface TopOptions {
  readonly classes: number;
  /** How many to keep, ≤ classes. */
  readonly k: number;
  /** `T > 0`. */
  readonly temperature: number;
}

/** The top of many rows: class numbers and log-probabilities `[rows, k]`, mass of the others `[rows]`. */
export interface TopRows {
  readonly classes: Int32Array;
  readonly logProbs: Float32Array;
  readonly tail: Float32Array;
}

/**
 * The `k` largest of `log softmax(z / T)` in each row, descending, ties by class number; and `1 − Σ p` of them,
 * summed over the others so that nothing cancels.
 *
 * @param logits Row-major `[rows, classes]`.
 * @example
 * topLogProbs(Float32Array.of(0, 2, 1), { classes: 3, k: 1, temperature: 1 }); // classes [1], logProbs [-0.408], tail [0.335]
 */
export function topLogProbs(logits: Float32Array, { classes, k, temperature }: TopOptions): TopRows {
  const rows = logits.length / classes;
  const top: TopRows = {
    classes: new Int32Array(rows * k),
    logProbs: new Float32Array(rows * k),
    tail: new Float32Array(rows),
  };
  for (let row = 0; row < rows; row++) {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    const best = top.classes.subarray(row * k, (row + 1) * k);
    largest(scores, best);
    const peak = scores[best[0] as number] as number;
    const all = sumOfPowers(scores, peak, temperature);
    const logAll = Math.log(all);
    let kept = 0;
    for (let i = 0; i < k; i++) {
      const scaled = ((scores[best[i] as number] as number) - peak) / temperature;
      kept += Math.exp(scaled);
      top.logProbs[row * k + i] = scaled - logAll;
    }
    if (k < classes)
      top.tail[row] = (all - kept > 1e-6 * all ? all - kept : rest(scores, best, peak, temperature)) / all;
  }
  return top;
}

/** `Σ exp((z − peak) / T)` */
function sumOfPowers(scores: Float32Array, peak: number, temperature: number): number {
  let sum = 0;
  for (let c = 0; c < scores.length; c++) sum += Math.exp(((scores[c] as number) - peak) / temperature);
  return sum;
}

/** The same over all but the best, where the difference of the sums would cancel. */
function rest(scores: Float32Array, best: Int32Array, peak: number, temperature: number): number {
  const taken = new Set(best);
  return sumOfPowers(
    scores.filter((_, c) => !taken.has(c)),
    peak,
    temperature,
  );
}

/** Fills `best` with the places of the largest scores, descending. One pass; few scores pass the first test. */
function largest(scores: Float32Array, best: Int32Array): void {
  let filled = 0;
  let least = -Infinity;
  for (let c = 0; c < scores.length; c++) {
    const score = scores[c] as number;
    if (filled === best.length && score <= least) continue;
    let at = filled < best.length ? filled++ : filled - 1;
    while (at > 0 && (scores[best[at - 1] as number] as number) < score) {
      best[at] = best[at - 1] as number;
      at--;
    }
    best[at] = c;
    if (filled === best.length) least = scores[best[filled - 1] as number] as number;
  }
}
