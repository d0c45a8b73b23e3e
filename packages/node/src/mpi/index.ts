import { type Module, pluginsModule } from '@tfjs-distill/core';
import { mpiDataParallel } from './mpiDataParallel.js';

export { type Collective, soloCollective } from './Collective.js';
export { dataParallel, type DataParallelOptions, mpiDataParallel } from './mpiDataParallel.js';
export {
  type DivisibleBatches,
  type PartBatch,
  partOf,
  partOfBatch,
  type Rank,
  type Share,
} from '../data/partOf.js';
export { PeerLost } from './PeerLost.js';
export { worldCollective } from './worldCollective.js';

/** Makes `mpi-data-parallel` known to configurations. */
export const mpiModule: Module = pluginsModule([mpiDataParallel]);
