import { type Criterion, DistillError } from '@tfjs-distill/core';

/**
 * Refuses criteria whose mean over the parts of a batch is not that of the batch.
 *
 * @throws DistillError `OPTION` that names the first one and says why.
 */
export function refuseCoupled(criteria: readonly Criterion[]): void {
  for (const criterion of criteria) {
    const why = obstacleOf(criterion);
    if (why === undefined) continue;
    throw new DistillError(
      'OPTION',
      `Criterion "${criterion.type}" ${why}, and each rank sees only its part.`,
      {
        where: 'mpi-data-parallel',
        hint: 'Train on one process, or take a criterion that looks at each sample alone.',
      },
    );
  }
}

function obstacleOf(criterion: Criterion): string | undefined {
  if (criterion.coupled) return 'compares the samples of a batch';
  if ((criterion.state ?? []).length > 0) return 'keeps a memory of the samples that it has seen';
  // only what was made of options says so; of others it is not known
  if ('toJSON' in criterion && /"reduction":"sum"/.test(JSON.stringify(criterion)))
    return 'adds up over the samples of a batch (`reduction: sum`)';
  return undefined;
}
