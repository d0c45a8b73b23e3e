import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The command of this package, as published and in a checkout. */
const DISTILL = fileURLToPath(new URL('../../bin/distill.js', import.meta.url));

/**
 * `distill run` in a process of its own: what fails there, a crash of the engine too, ends nothing here.
 *
 * @param words The command line behind `distill`.
 * @param signal Sends it SIGINT, so that it writes a checkpoint.
 * @returns Why it failed, in its own last words; nothing where it did well or was interrupted.
 */
export function runInChild(words: readonly string[], signal?: AbortSignal): Promise<{ failure?: string }> {
  return new Promise((resolve) => {
    // a group of its own: a Ctrl-C in the terminal reaches it through us alone, once
    const child = spawn(process.execPath, [DISTILL, ...words], {
      stdio: ['pipe', 'ignore', 'pipe'], // its input ends when this process does, however that came
      env: { ...process.env, DISTILL_WORKER: '1' },
      detached: process.platform !== 'win32',
    });
    const interrupt = () => void child.kill('SIGINT');
    signal?.addEventListener('abort', interrupt, { once: true });
    let last = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      last = `${last}${text}`.slice(-2000);
    });
    child.on('error', (error) => resolve({ failure: error.message }));
    child.on('close', (code, killedBy) => {
      signal?.removeEventListener('abort', interrupt);
      if (code === 0 || signal?.aborted) return resolve({});
      const line = last.trim().split('\n').at(-1);
      resolve({ failure: killedBy === null ? (line ?? `exit code ${code}`) : `killed by ${killedBy}` });
    });
  });
}
