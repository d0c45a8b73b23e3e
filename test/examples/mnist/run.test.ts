import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(import.meta.resolve('../../../packages/examples/src/mnist-distiller/main.ts'));
const FLAGS = ['--conditions=@tfjs-distill/source', '--import', import.meta.resolve('tsx')];

/** The command as a user types it; what it trains is in test/slow/examples/npmStart.test.ts. */
function run(...args: string[]): Promise<{ code: number; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [...FLAGS, MAIN, ...args], (error, _, err) => {
      done({ code: error === null ? 0 : Number(error.code), err });
    });
  });
}

describe('npm start', { timeout: 120_000 }, () => {
  it.each<[string, string[], RegExp]>([
    [
      'an engine that is none',
      ['--engine', 'wams'],
      /^selectEngine: Unknown engine "wams"\. Did you mean "wasm"\?\n$/,
    ],
    [
      'an option that is none',
      ['--epoch', '1'],
      /^error: unknown option '--epoch'\n\(Did you mean --epochs\?\)\n$/,
    ],
  ])('refuses %s in one line, with exit code 1', async (_, args, message) => {
    const { code, err } = await run(...args);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err).not.toContain('    at ');
  });
});
