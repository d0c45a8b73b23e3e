import { div, maximum, mul, sqrt, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { apart, type PairGeometry, pairGeometry, pullApart } from './pairGeometry.js';
import { smoothL1 } from './smoothL1.js';
import { type ValueAndGradient } from './withGradient.js';

const SMALLEST = 1e-6;

/**
 * How the distances among the samples differ: `Σ factorᵢⱼ · smoothL1(dᵢⱼ(s) − dᵢⱼ(t))`, with
 * `dᵢⱼ = ‖eᵢ − eⱼ‖` divided by its mean over the pairs of different samples.
 *
 * @param teacher, student `[batch, d]` each with a `d` of its own.
 * @param factor Of each pair, `[batch, batch]`, or one for all.
 * @returns Scalar and gradient to `student`; belong to the caller's `tidy`.
 */
export function relationalDistance(
  teacher: Tensor,
  student: Tensor,
  factor: Tensor | number,
): ValueAndGradient {
  const geometry = pairGeometry(student);
  const ours = relativeDistances(geometry, factor);
  const theirs = relativeDistances(pairGeometry(teacher), factor);
  const { value, slope } = smoothL1(sub(ours.relative, theirs.relative));
  const pull = mul(slope, factor);
  // the mean distance depends on every distance
  const throughMean = mul(ours.share, sum(mul(pull, ours.relative)));
  const byDistance = div(sub(pull, throughMean), ours.mean);
  const bySquare = mul(byDistance, div(mul(apart(geometry, 0), 0.5), ours.distances));
  return { value: sum(mul(value, factor)), gradient: pullApart(bySquare, geometry) };
}

interface Distances {
  readonly distances: Tensor;
  /** What each pair counts in the mean. */
  readonly share: Tensor;
  readonly mean: Tensor;
  /** Distance ÷ mean; 0 for a sample with itself. */
  readonly relative: Tensor;
}

function relativeDistances({ squaredDistances, others }: PairGeometry, factor: Tensor | number): Distances {
  const distances = sqrt(squaredDistances);
  const counted = mul(others, factor);
  const share = div(counted, maximum(sum(counted), SMALLEST ** 2));
  const mean = maximum(sum(mul(share, distances)), SMALLEST);
  return { distances, share, mean, relative: div(mul(distances, others), mean) };
}
