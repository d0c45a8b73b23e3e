import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** What a child said on its last line, or why it could not. */
export type ChildAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string; readonly lasting: boolean };

/** Signals that a library which does not fit the machine dies of, in words. */
const DEATHS: Readonly<Record<string, string>> = {
  SIGILL: 'it uses processor instructions that this machine lacks (such as AVX)',
  SIGSEGV: 'it crashed on load',
  SIGABRT: 'it aborted on load',
  SIGBUS: 'its file is cut short or the disk failed',
};
/** Deaths that say nothing about the library: the next try may go well. */
const PASSING = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']);

/**
 * Runs one of the plain scripts in `native/` in a process of its own, so that native code which kills its process
 * leaves this one alone. The script answers with one line of JSON.
 *
 * @returns The answer, or a reason in one line; `lasting` where the same files would fail the same way again.
 */
export async function nativeChild<T>(
  script: 'probe' | 'probeWebgpu' | 'selfTest',
  args: readonly string[],
  timeout = 120_000,
): Promise<ChildAnswer<T>> {
  const file = fileURLToPath(new URL(`../../native/${script}.mjs`, import.meta.url));
  const result = await execa(process.execPath, [file, ...args], {
    reject: false,
    timeout,
    // a parent's loaders and debuggers have no place here; TensorFlow's chatter would bury the reason
    env: { NODE_OPTIONS: '', TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  if (!result.failed)
    return { ok: true, value: JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '') as T };
  if (result.timedOut) return { ok: false, reason: `no answer in ${timeout / 1000} s`, lasting: false };
  if (result.signal) {
    const why = DEATHS[result.signal] ?? 'it was killed';
    return { ok: false, reason: `${why} (${result.signal})`, lasting: !PASSING.has(result.signal) };
  }
  return {
    ok: false,
    reason: errorLine(result.stderr) ?? `exit code ${result.exitCode ?? '?'}`,
    lasting: true,
  };
}

/** The message in what Node prints of an uncaught error: "Error: libtensorflow_cc.so.2: cannot open …". */
function errorLine(stderr: string): string | undefined {
  const lines = stderr.split('\n').map((text) => text.trim());
  const line = lines.find((text) => /^\w*Error\b.*: ./.test(text)) ?? lines.find((text) => text !== '');
  return line?.replace(/^\w*Error( \[\w+\])?: /, '');
}
