import { describe, expect, it } from 'vitest';
import { isLaunched, worldCollective } from '../../../packages/node/src/mpi/worldCollective.js';
import { loadOpenMpi } from '../../../packages/node/src/mpi/loadOpenMpi.js';

describe('worldCollective', () => {
  it('is this process alone where no MPI has started it', () => {
    const { rank, size } = worldCollective();
    expect({ rank, size }).toEqual({ rank: 0, size: 1 });
  });

  it('knows who has started the process', () => {
    expect(isLaunched({ OMPI_COMM_WORLD_SIZE: '2' })).toBe(true);
    expect(isLaunched({ PMIX_RANK: '0' })).toBe(true);
    expect(isLaunched({})).toBe(false);
    expect(() => isLaunched({ PMI_RANK: '0' })).toThrow(/Another MPI than Open MPI.*openmpi-bin/);
  });

  it('names the package of Open MPI where its library is missing', () => {
    expect(() => loadOpenMpi(['libmpi.none.so'])).toThrow(/needs Open MPI.*apt-get install openmpi-bin/);
  });
});
