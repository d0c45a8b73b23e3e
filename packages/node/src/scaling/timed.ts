import { quantile } from '@tfjs-distill/core';

export interface TimedOptions {
  /** Rounds before the clock counts: what loads and compiles. Default 1. */
  readonly warmUp?: number;
  /** No new round begins after this many seconds, ≥ 0. */
  readonly budget: number;
  /** Most rounds. */
  readonly rounds: number;
}

/**
 * Median time of something that is done again and again.
 *
 * @param round Told its number from 0, those that warm up included.
 * @returns Seconds of one round; one round is timed at least.
 */
export async function timed(
  round: (i: number) => void | Promise<void>,
  { warmUp = 1, budget, rounds }: TimedOptions,
): Promise<number> {
  for (let i = 0; i < warmUp; i++) await round(i);
  const times: number[] = [];
  const start = performance.now();
  do {
    const began = performance.now();
    await round(warmUp + times.length);
    times.push((performance.now() - began) / 1000);
  } while (times.length < rounds && performance.now() - start < budget * 1000);
  return quantile(times, 0.5);
}

export async function secondsOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
