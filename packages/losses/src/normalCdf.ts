/**
 * Probability that a standard normal variable is below `x`, to 1.2e-7 of itself.
 *
 * @example
 * normalCdf(0); // 0.5
 *
 * @see Press et al., "Numerical Recipes", §6.2: Chebyshev fit of erfc
 */
export function normalCdf(x: number): number {
  return x < 0 ? tail(-x) : 1 - tail(x);
}

const FIT = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
  -0.82215223, 0.17087277,
];

/** ½ erfc(x / √2) for x ≥ 0. */
function tail(x: number): number {
  const z = x / Math.SQRT2;
  const t = 1 / (1 + z / 2);
  const polynomial = FIT.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  return (t * Math.exp(-z * z + polynomial)) / 2;
}
