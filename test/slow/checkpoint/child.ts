import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../fixtures/trainChild.ts', import.meta.url));

export interface Child {
  readonly process: ChildProcess;
  /** Settles when the child has said so many lines, or is gone. */
  lines(count: number): Promise<void>;
  /** Everything it said, and how it ended. */
  readonly ended: Promise<{
    readonly said: string[];
    readonly errors: string;
    readonly code: number | null;
    readonly signal: string | null;
  }>;
}

/** A training in a process of its own; see `trainChild.ts` for the arguments. */
export function trainChild(...args: (string | number)[]): Child {
  const flags = ['--conditions=@tfjs-distill/source', '--import', 'tsx'];
  const child = spawn(process.execPath, [...flags, SCRIPT, ...args.map(String)]);
  let out = '';
  let errors = '';
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const said = () => out.split('\n').filter(Boolean);
  const ended = once(child, 'close').then(([code, signal]) => ({
    said: said(),
    errors,
    code: code as number | null,
    signal: signal as string | null,
  }));
  const lines = async (count: number) => {
    while (said().length < count && child.exitCode === null && child.signalCode === null) {
      await Promise.race([once(child.stdout, 'data'), ended]);
    }
  };
  return { process: child, lines, ended };
}
