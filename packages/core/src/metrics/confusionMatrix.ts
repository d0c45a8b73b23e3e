/**
 * Counts answers by true class.
 *
 * @param truth True class of each sample, 0 to `classes − 1`.
 * @param answers Class answered, same length and range.
 * @returns `[classes][classes]` counts: the row is the true class, the column the answer.
 * @example confusionMatrix([0, 0, 1], [0, 1, 1], 2) // [[1, 1], [0, 1]]
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  answers: ArrayLike<number>,
  classes: number,
): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < truth.length; i++) {
    const row = counts[truth[i] ?? -1];
    const answer = answers[i] ?? -1;
    if (row !== undefined) row[answer] = (row[answer] ?? 0) + 1;
  }
  return counts;
}

/** How often a class is found, and how often what is called it is it. */
export interface ClassScores {
  /** Samples that are of the class. */
  readonly samples: number;
  /** Share of the answers "this class" that are right. */
  readonly precision: number;
  /** Share of the class's samples that are found. */
  readonly recall: number;
  /** Harmonic mean of both. */
  readonly f1: number;
}

/**
 * Precision, recall and F1 of each class, from a confusion matrix.
 *
 * @returns One row a class; a share of nothing is `NaN`, such as the precision of a class that is never answered.
 * @example classScores([[1, 1], [0, 1]])[1] // { samples: 1, precision: 0.5, recall: 1, f1: 0.667 }
 */
export function classScores(confusion: readonly (readonly number[])[]): ClassScores[] {
  return confusion.map((row, c) => {
    const samples = total(row);
    const answered = total(confusion.map((other) => other[c] ?? 0));
    const right = row[c] ?? 0;
    return {
      samples,
      precision: right / answered,
      recall: right / samples,
      f1: (2 * right) / (samples + answered),
    };
  });
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
