/** A number that follows from others: `scale · aᵖ · b^q`. */
export interface Derivation {
  /** A whole number, or one divided by one: a batch's size, say. Or the negative of that. */
  readonly scale: number;
  /** Which of the numbers, and its power. */
  readonly factors: readonly (readonly [index: number, power: number])[];
}

const POWERS = [1, -1, 2, -2] as const;
/** Samples and positions that a mean may well be of. */
const LARGEST = 2 ** 16;

/**
 * How a number may follow from others, in the ways in which a criterion makes numbers of its temperature and its
 * weights: `T`, `1 / T`, `T²`, `α · T² / batch`, their negatives.
 *
 * @param value As it was uploaded: a 32-bit float.
 * @example
 * derivationsOf(Math.fround(12.5), [NaN, 10]); // [{ scale: 1 / 8, factors: [[1, 2]] }]
 */
export function derivationsOf(value: number, numbers: readonly number[]): Derivation[] {
  const single = numbers.flatMap((_, i) => POWERS.map((power) => [i, power] as const));
  const pairs = single.flatMap((a) => single.filter((b) => a[0] < b[0]).map((b) => [a, b]));
  return [...single.map((factor) => [factor]), ...pairs].flatMap((factors) => {
    const scale = scaleOf(value / productOf(factors, numbers));
    const derivation = { scale, factors };
    return scale !== 0 && derived(derivation, numbers) === value ? [derivation] : [];
  });
}

/** The number, rounded as it is uploaded. */
export function derived({ scale, factors }: Derivation, numbers: readonly number[]): number {
  return Math.fround(scale * productOf(factors, numbers));
}

function productOf(factors: Derivation['factors'], numbers: readonly number[]): number {
  return factors.reduce((product, [i, power]) => product * (numbers[i] as number) ** power, 1);
}

/** The nearest number that is whole, or one divided by a whole one; 0 where that would be too large. */
function scaleOf(ratio: number): number {
  const whole = Math.round(Math.max(Math.abs(ratio), 1 / Math.abs(ratio)));
  if (!(whole <= LARGEST)) return 0;
  return Math.sign(ratio) * (Math.abs(ratio) < 1 ? 1 / whole : whole);
}
