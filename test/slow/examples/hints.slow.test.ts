import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type ExampleRecord } from '../../../packages/examples/src/example/ExampleRecord.js';

const MAIN = fileURLToPath(import.meta.resolve('../../../packages/examples/src/hints/main.ts'));
const FLAGS = ['--conditions=@tfjs-distill/source', '--import', import.meta.resolve('tsx')];

/** The example as a user runs it, with its output piped. */
function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [...FLAGS, MAIN, ...args], (error, out, err) =>
      done({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

describe('npm run example:hints', { timeout: 120_000 }, () => {
  it('trains all three ways and prints their table', async () => {
    const small = ['--images', '64', '--epochs', '2', '--seeds', '2', '--engine', 'wasm', '--json'];
    const { code, out, err } = await run(...small);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/│ FitNets: hint, then KD │ \d+\.\d\d ± \d+\.\d\d \(2 seeds\)/);
    const record = JSON.parse(out.trim().split('\n').at(-1)!) as ExampleRecord;
    expect(record.rows.map(({ name }) => name)).toEqual(['labels alone', 'KD', 'FitNets: hint, then KD']);
    expect(record.rows.every(({ values }) => values.every((value) => value > 0 && value < 100))).toBe(true);
  });

  it('says in one line what is wrong', async () => {
    const { code, out, err } = await run('--data', '/nowhere');
    expect(code).toBe(1);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(out).not.toContain('    at ');
  });
});
