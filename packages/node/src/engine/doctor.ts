import { statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { exists } from '../io/exists.js';
import { nvidiaCards } from './gpu.js';
import { lookForTools } from './install/tools.js';
import { type EngineStatus, listEngines } from './listEngines.js';
import { enginesDirectory } from './paths.js';
import { hasSimd } from './wasm.js';

/** What decides how fast training runs here. Sizes are in bytes. */
export interface Diagnosis {
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  /** Threads that this process may use; containers and `taskset` limit it. */
  readonly threads: number;
  readonly simd: boolean;
  readonly memory: { readonly total: number; readonly free: number };
  readonly gpus: readonly string[];
  readonly cache: { readonly directory: string; readonly free: number };
  /** What an install of the native engine lacks. */
  readonly missing: readonly string[];
  readonly engines: readonly EngineStatus[];
}

/** Looks at the machine and tries every engine anew, each native one in a process of its own. */
export async function diagnose(): Promise<Diagnosis> {
  const directory = enginesDirectory();
  const [gpus, { missing }, engines, free] = await Promise.all([
    nvidiaCards(),
    lookForTools(),
    listEngines({ fresh: true }),
    freeSpace(directory),
  ]);
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    processor: os.cpus()[0]?.model ?? 'unknown',
    threads: os.availableParallelism(),
    simd: hasSimd(),
    memory: { total: os.totalmem(), free: process.availableMemory?.() ?? os.freemem() },
    gpus,
    cache: { directory, free },
    missing,
    engines,
  };
}

/** Of the disk that would hold the folder. */
async function freeSpace(directory: string): Promise<number> {
  if (!(await exists(directory))) return freeSpace(path.dirname(directory));
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
