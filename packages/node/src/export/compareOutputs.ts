import {
  abs,
  argMax,
  cast,
  equal,
  max,
  maximum,
  mean,
  stack,
  sub,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';

/** How far two models' outputs are apart. */
export interface OutputComparison {
  readonly samples: number;
  /** Largest absolute difference of an output. */
  readonly maxDifference: number;
  /** That, as a share of the largest absolute output. */
  readonly relativeDifference: number;
  /** Share of samples with the same answer. */
  readonly agreement: number;
}

/**
 * Compares two models' outputs to the same inputs.
 *
 * @param given One tensor an output, `[samples, …, classes]`; the first has the answers. Stay the caller's.
 */
export async function compareOutputs(
  given: readonly Tensor[],
  other: readonly Tensor[],
): Promise<OutputComparison> {
  const found = tidy(() => {
    const over = (values: Tensor[]) => values.reduce((x, y) => maximum(x, y));
    const difference = over(given.map((output, i) => max(abs(sub(output, other[i] as Tensor)))));
    const [first, second] = [argMax(given[0] as Tensor, -1), argMax(other[0] as Tensor, -1)];
    const size = over(given.map((output) => max(abs(output))));
    return stack([difference, size, mean(cast(equal(first, second), 'float32'))]);
  });
  try {
    const [maxDifference = NaN, size = NaN, agreement = NaN] = await found.data();
    const relativeDifference = maxDifference === 0 ? 0 : maxDifference / size;
    return { samples: given[0]?.shape[0] ?? 0, maxDifference, relativeDifference, agreement };
  } finally {
    found.dispose();
  }
}
