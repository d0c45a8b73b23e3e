import { vi } from 'vitest';
import { run } from '../../../packages/node/src/cli/main.js';

export interface Outcome {
  readonly code: number;
  /** What went to standard output and to standard error. */
  readonly out: string;
  readonly err: string;
}

/** Runs the `distill` command in this process, on the engine under test. */
export async function distillHere(...words: readonly string[]): Promise<Outcome> {
  const written = { out: '', err: '' };
  const hear = (stream: 'out' | 'err') => (text: unknown) => {
    written[stream] += String(text);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(hear('out')),
    vi.spyOn(process.stderr, 'write').mockImplementation(hear('err')),
  ];
  vi.stubEnv('DISTILL_ENGINE', process.env['TEST_ENGINE'] ?? 'cpu');
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await run(words);
    return { code: Number(process.exitCode ?? 0), ...written };
  } finally {
    process.exitCode = before;
    vi.unstubAllEnvs();
    for (const spy of spies) spy.mockRestore();
  }
}
