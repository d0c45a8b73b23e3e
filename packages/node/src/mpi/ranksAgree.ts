import { type Logs } from '@tfjs-distill/core';
import { type Collective } from './Collective.js';

/** Whether any rank says so. */
export function anyRank(ranks: Collective, says: boolean): boolean {
  const flag = Float32Array.of(Number(says));
  ranks.allReduceSum(flag);
  return flag[0] !== 0;
}

/**
 * Means of the ranks' metrics, each by what it weighs.
 *
 * @param weight Samples that this rank has looked at, > 0.
 * @example
 * meanOverRanks(ranks, { accuracy: 0.5 }, 100); // the other rank: 0.8 of 200 samples. { accuracy: 0.7 }
 */
export function meanOverRanks(ranks: Collective, metrics: Logs, weight: number): Logs {
  const names = Object.keys(metrics);
  const numbers = Float32Array.from([weight, ...names.map((name) => (metrics[name] ?? NaN) * weight)]);
  ranks.allReduceSum(numbers);
  const [total = NaN] = numbers;
  return Object.fromEntries(names.map((name, i) => [name, (numbers[i + 1] ?? NaN) / total]));
}
