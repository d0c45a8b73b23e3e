import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';

/**
 * Runs a synchronous action whose random numbers follow from a seed: every random operation of TensorFlow.js that
 * has no seed of its own (dropout, noise, initializers) asks `Math.random` for one. It is as before when the
 * action ends, so nothing else ever sees it.
 *
 * @param seed Whole number; `stream` makes independent sequences of one seed.
 *
 * @example
 * withSeed(7, () => randomNormal([2])); // the same two numbers every time
 */
export function withSeed<T>(seed: number, action: () => T, stream = 0): T {
  const generator = xoroshiro128plus(Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b));
  const { random } = Math;
  Math.random = () => uniformFloat64(generator);
  try {
    return action();
  } finally {
    Math.random = random;
  }
}
