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
    const power = (c: number) => Math.exp(((scores[c] as number) - peak) / temperature);
    let [kept, all] = [0, 0];
    for (const c of best) kept += power(c);
    for (let c = 0; c < classes; c++) all += power(c);
    top.tail[row] = k === classes ? 0 : tailMass(scores, best, power, kept, all);
    const logAll = Math.log(all);
    best.forEach((c, i) => {
      top.logProbs[row * k + i] = ((scores[c] as number) - peak) / temperature - logAll;
    });
  }
  return top;
}

/** The others' share; summed anew where the difference would cancel. */
function tailMass(
  scores: Float32Array,
  best: Int32Array,
  power: (c: number) => number,
  kept: number,
  all: number,
): number {
  if (all - kept > 1e-6 * all) return (all - kept) / all;
  const taken = new Set(best);
  let rest = 0;
  for (let c = 0; c < scores.length; c++) if (!taken.has(c)) rest += power(c);
  return rest / all;
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
