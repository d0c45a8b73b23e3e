import { type Network } from './Parts.js';

/**
 * Time of adding up a buffer over ranks, so that all have the sum.
 *
 * `t(n, B) = 2⌈log₂ n⌉ · α + 2 · (n − 1)/n · β · B`: halving and doubling by Rabenseifner, which MPI libraries take for
 * buffers of more than some kilobytes. Adding the numbers up is small beside sending them. The bytes' part has a limit,
 * `2βB`, however many ranks there are; the latency's grows by the logarithm.
 *
 * @param ranks n, a whole number ≥ 1.
 * @param bytes B, of the whole buffer, ≥ 0.
 * @param network α seconds a message, β seconds a byte.
 * @returns Seconds; 0 for one rank.
 * @example
 * allReduceSeconds(2, 1e6, { latencySeconds: 50e-6, secondsPerByte: 0.8e-9 }); // 0.0009
 * @see Thakur, Rabenseifner and Gropp, Optimization of Collective Communication Operations in MPICH, 2005:
 *   https://doi.org/10.1177/1094342005051521
 */
export function allReduceSeconds(ranks: number, bytes: number, network: Network): number {
  if (ranks <= 1) return 0;
  const { latencySeconds, secondsPerByte } = network;
  return 2 * Math.ceil(Math.log2(ranks)) * latencySeconds + 2 * (1 - 1 / ranks) * secondsPerByte * bytes;
}
