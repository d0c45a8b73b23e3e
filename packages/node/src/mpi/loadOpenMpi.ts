import { createRequire } from 'node:module';
import path from 'node:path';
import { DistillError, messageOf } from '@tfjs-distill/core';
import type * as koffi from 'koffi';

/** Memory that a C function reads or fills. */
type Memory = Float32Array | Uint8Array | Int32Array | BigUint64Array;
/** An address, as koffi has it. */
type Pointer = bigint;

/** The functions of Open MPI that a training needs, by their C signatures. Each returns 0, or ends the job itself. */
export interface OpenMpi {
  readonly world: Pointer;
  readonly float: Pointer;
  readonly byte: Pointer;
  readonly sum: Pointer;
  readonly init: (argc: null, argv: null) => number;
  readonly finalize: () => number;
  readonly rank: (comm: Pointer, rank: Memory) => number;
  readonly size: (comm: Pointer, size: Memory) => number;
  readonly iallreduce: (
    send: Pointer,
    receive: Memory,
    count: number,
    type: Pointer,
    operation: Pointer,
    comm: Pointer,
    request: Memory,
  ) => number;
  readonly ibcast: (
    buffer: Memory,
    count: number,
    type: Pointer,
    root: number,
    comm: Pointer,
    request: Memory,
  ) => number;
  readonly ibarrier: (comm: Pointer, request: Memory) => number;
  readonly test: (request: Memory, flag: Memory, status: null) => number;
  readonly isend: (
    buffer: Memory,
    count: number,
    type: Pointer,
    to: number,
    tag: number,
    comm: Pointer,
    request: Memory,
  ) => number;
  readonly iprobe: (from: number, tag: number, comm: Pointer, flag: Memory, status: Memory) => number;
  readonly recv: (
    buffer: Memory,
    count: number,
    type: Pointer,
    from: number,
    tag: number,
    comm: Pointer,
    status: null,
  ) => number;
}

/** Names of the library; the number is that of Open MPI's interface, the same from release 1.10 to 5. */
const LIBRARIES = ['libmpi.so.40', 'libmpi.40.dylib', 'libmpi.so', 'libmpi.dylib'];

/** Parameters of each function in C: addresses and ints. */
const SIGNATURES = {
  init: ['MPI_Init', 'pp'],
  finalize: ['MPI_Finalize', ''],
  rank: ['MPI_Comm_rank', 'pp'],
  size: ['MPI_Comm_size', 'pp'],
  iallreduce: ['MPI_Iallreduce', 'ppipppp'],
  ibcast: ['MPI_Ibcast', 'pipipp'],
  ibarrier: ['MPI_Ibarrier', 'pp'],
  test: ['MPI_Test', 'ppp'],
  isend: ['MPI_Isend', 'pipiipp'],
  iprobe: ['MPI_Iprobe', 'iippp'],
  recv: ['MPI_Recv', 'pipiipp'],
} as const;

/**
 * Open MPI's library in this process.
 *
 * @throws DistillError `ENGINE` with the package to install, where koffi or Open MPI is missing.
 */
export function loadOpenMpi(names: readonly string[] = LIBRARIES): OpenMpi {
  const library = openLibrary(loadKoffi(), names);
  const functions = Object.entries(SIGNATURES).map(([name, [symbol, kinds]]) => {
    const parameters = [...kinds].map((kind) => (kind === 'p' ? 'void *' : 'int'));
    return [name, library.func(symbol, 'int', parameters)];
  });
  return {
    ...(Object.fromEntries(functions) as Pick<OpenMpi, keyof typeof SIGNATURES>),
    world: addressOf(library, 'ompi_mpi_comm_world'),
    float: addressOf(library, 'ompi_mpi_float'),
    byte: addressOf(library, 'ompi_mpi_byte'),
    sum: addressOf(library, 'ompi_mpi_op_sum'),
  };
}

const addressOf = (library: koffi.LibraryHandle, symbol: string) => library.symbol(symbol) as Pointer;

/** The project's own koffi, seen from the working folder, else this package's. */
function loadKoffi(): typeof koffi {
  const places = [path.join(process.cwd(), 'index.js'), import.meta.url];
  const causes: unknown[] = [];
  for (const place of places) {
    try {
      return createRequire(place)('koffi') as typeof koffi;
    } catch (cause) {
      causes.push(cause);
    }
  }
  throw new DistillError(
    'ENGINE',
    'Training on several ranks needs the package koffi, which is not installed.',
    {
      hint: 'Type `npm install koffi`.',
      cause: causes.at(-1),
    },
  );
}

function openLibrary({ load }: typeof koffi, names: readonly string[]): koffi.LibraryHandle {
  let cause: unknown;
  for (const name of names) {
    try {
      return load(name, { global: true }); // Open MPI loads parts of itself that look for its symbols
    } catch (error) {
      cause ??= error;
    }
  }
  throw new DistillError(
    'ENGINE',
    'Training on several ranks needs Open MPI, and its library is not there.',
    {
      hint: `Install it: \`apt-get install openmpi-bin\` (Debian), \`brew install open-mpi\`. (${messageOf(cause)})`,
      cause,
    },
  );
}
