import { describe, expect, it } from 'vitest';
import { recordOf, runMain } from '../../examples/runMain.js';

describe('npm run example:hints', () => {
  it('trains all three ways and prints their table', async () => {
    const small = ['--images', '64', '--epochs', '2', '--seeds', '2', '--engine', 'wasm', '--json'];
    const ended = await runMain('hints', small);
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.out).toMatch(/│ FitNets: hint, then KD │ \d+\.\d\d ± \d+\.\d\d \(2 seeds\)/);
    const { rows } = recordOf(ended);
    expect(rows.map(({ name }) => name)).toEqual(['labels alone', 'KD', 'FitNets: hint, then KD']);
    expect(rows.every(({ values }) => values.every((value) => value > 0 && value < 100))).toBe(true);
  });

  it('says in one line what is wrong', async () => {
    const { code, out, err } = await runMain('hints', ['--data', '/nowhere']);
    expect(code).toBe(1);
    expect(err.split('\n')).toHaveLength(1);
    expect(out).not.toContain('    at ');
  });
});
