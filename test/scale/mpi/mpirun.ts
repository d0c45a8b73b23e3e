import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ONE_THREAD } from '../oneThread.js';
import { MPIRUN } from '../tools.js';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** Our own files run from source; one thread a rank, so that four ranks fit. */
const NODE = [process.execPath, '--conditions=@tfjs-distill/source', '--import', 'tsx'];
const ENV = {
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  ...ONE_THREAD,
};

/** Path of a file beside this one. */
export const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * Runs a file of this repository on so many ranks; 0 without mpirun.
 *
 * @param onStart Gets mpirun's process number.
 */
export function mpirun(
  ranks: number,
  parameters: readonly string[],
  { cwd, onStart, env }: { cwd?: string; onStart?: (pid: number) => void; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const launcher = ranks === 0 ? [] : [MPIRUN ?? 'mpirun', '--oversubscribe', '-n', String(ranks)];
  const [program = '', ...rest] = [...launcher, ...NODE, ...parameters];
  const began = performance.now();
  const child = spawn(program, rest, {
    cwd: cwd ?? process.cwd(),
    env: { ...process.env, ...ENV, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) onStart?.(child.pid);
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...text, seconds: (performance.now() - began) / 1000 }));
  });
}
