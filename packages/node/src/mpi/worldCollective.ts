import { DistillError } from '@tfjs-distill/core';
import { type Collective, soloCollective } from './Collective.js';
import { loadOpenMpi } from './loadOpenMpi.js';
import { MpiCollective } from './MpiCollective.js';

let world: Collective | undefined;

/**
 * The ranks that this process was started with, by `mpirun` or `srun --mpi=pmix`; itself alone where it was started
 * by hand. Only under MPI anything is loaded.
 *
 * @throws DistillError `ENGINE` if koffi or Open MPI is missing, or another MPI has started it.
 * @example
 * const { rank, size } = worldCollective(); // mpirun -n 4: 0 and 4, 1 and 4, …
 */
export function worldCollective(): Collective {
  world ??= isLaunched(process.env) ? new MpiCollective(loadOpenMpi()) : soloCollective;
  return world;
}

/** Whether Open MPI has started this process. */
export function isLaunched(env: Readonly<Record<string, string | undefined>>): boolean {
  if (env['OMPI_COMM_WORLD_SIZE'] !== undefined || env['PMIX_RANK'] !== undefined) return true;
  if (env['PMI_RANK'] === undefined) return false;
  throw new DistillError('ENGINE', 'Another MPI than Open MPI has started this process.', {
    hint: "Use Open MPI's mpirun (Debian: `apt-get install openmpi-bin`), or `srun --mpi=pmix`.",
  });
}
