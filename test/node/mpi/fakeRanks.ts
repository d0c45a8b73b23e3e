import { type Collective } from '@tfjs-distill/node/mpi';

/**
 * The ranks of a training as one of them sees them, in one process: the others add what the test says.
 *
 * @param others What the other ranks add to numbers that this rank gives.
 */
export function fakeRanks(
  { rank, size }: Pick<Collective, 'rank' | 'size'>,
  others: (numbers: Float32Array, reduction: number) => readonly number[] = (numbers) => [...numbers],
): Collective & { readonly reductions: Float32Array[]; readonly aborted: string[] } {
  const reductions: Float32Array[] = [];
  const aborted: string[] = [];
  return {
    rank,
    size,
    reductions,
    aborted,
    allReduceSum: (numbers, meanwhile) => {
      const added = others(numbers, reductions.push(numbers.slice()) - 1);
      meanwhile?.();
      numbers.forEach((number, i) => (numbers[i] = number + (added[i] ?? 0)));
    },
    broadcast: () => undefined,
    barrier: () => Promise.resolve(),
    abort: (reason) => void aborted.push(reason),
  };
}
