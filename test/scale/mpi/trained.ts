import { expect } from 'vitest';
import { beside, mpirun } from './mpirun.js';
import { type RankOptions, type RankOutcome } from './trainRank.js';

/** What a training on so many ranks comes to; 0 is without mpirun. */
export async function trained(ranks: number, options: RankOptions): Promise<RankOutcome> {
  const { code, stdout, stderr } = await mpirun(ranks, [beside('trainRank.ts'), JSON.stringify(options)]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as RankOutcome;
}

/** The largest difference between two trainings' weights. */
export function difference(a: RankOutcome, b: RankOutcome): number {
  const [ours, theirs] = [a.weights.flat(), b.weights.flat()];
  expect(ours.length).toBe(theirs.length);
  return Math.max(...ours.map((weight, i) => Math.abs(weight - theirs[i]!)));
}
