import { describe, expect, it } from 'vitest';
import { runMain } from '../runMain.js';

// What it trains is in test/slow/examples/npmStart.test.ts.
describe('npm start', { timeout: 120_000 }, () => {
  it.each<[string, string[], RegExp]>([
    [
      'an engine that is none',
      ['--engine', 'wams'],
      /^selectEngine: Unknown engine "wams"\. Did you mean "wasm"\?$/,
    ],
    [
      'an option that is none',
      ['--epoch', '1'],
      /^error: unknown option '--epoch'\n\(Did you mean --epochs\?\)$/,
    ],
  ])('refuses %s in one line, with exit code 1', async (_, args, message) => {
    const { code, err } = await runMain('mnist-distiller', args);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err).not.toContain('    at ');
  });
});
