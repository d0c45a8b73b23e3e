import { expect } from 'vitest';
import { beside, type Ended, mpirun } from './mpirun.js';
import { type RankOptions, type RankOutcome } from './trainRank.js';

/** Trainings on so many ranks, one after the other; 0 is without mpirun. */
export const train = (ranks: number, options: readonly RankOptions[]): Promise<Ended> =>
  mpirun(ranks, [beside('trainRank.ts'), JSON.stringify(options)]);

/** What they come to. */
export async function trained(ranks: number, options: readonly RankOptions[]): Promise<RankOutcome[]> {
  const { code, stdout, stderr } = await train(ranks, options);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as RankOutcome[];
}

/** The largest difference between two trainings' weights. */
export function difference(a: RankOutcome, b: RankOutcome): number {
  const [ours, theirs] = [a.weights.flat(), b.weights.flat()];
  expect(ours.length).toBe(theirs.length);
  return Math.max(...ours.map((weight, i) => Math.abs(weight - theirs[i]!)));
}
