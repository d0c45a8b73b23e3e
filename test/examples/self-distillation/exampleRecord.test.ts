import { describe, expect, it } from 'vitest';
import { exampleRecord } from '../../../packages/examples/src/self-distillation/exampleRecord.js';
import { type Results } from '../../../packages/examples/src/self-distillation/results.js';
import { DEFAULT } from '../../../packages/examples/src/self-distillation/settings.js';

const exit = (name: string, accuracy: number) => ({ name, accuracy, cost: 1, loss: 0.1, ece: 0.01 });
const point = { threshold: 0.9, accuracy: 0.75, cost: 0.5, shares: [0.5, 0.5] };

const results: Results = {
  engine: 'wasm',
  data: 'mnist',
  settings: DEFAULT,
  networks: [1, 2].flatMap((seed) => [
    { way: 'plain' as const, seed, rows: [exit('deepest', 0.5)] },
    { way: 'distilled' as const, seed, rows: [exit('exit_block1', 0.25 * seed), exit('deepest', 0.75)] },
  ]),
  earlyExits: [1, 2].map((seed) => ({
    seed,
    curve: [point],
    chosen: point,
    milliseconds: { early: 1, whole: 2 },
  })),
  seconds: 12.3,
};

describe('the record of self-distillation', () => {
  it('has each classifier of each way with one value a seed, and what leaving early gives', () => {
    const record = exampleRecord(results, 'npm run example:self-distillation', '2026-01-01T00:00:00.000Z');
    expect(record.rows).toEqual([
      { name: 'without exits: deepest', values: [50, 50] },
      { name: 'exits, self-distilled: exit_block1', values: [25, 50] },
      { name: 'exits, self-distilled: deepest', values: [75, 75] },
    ]);
    expect(record.further).toEqual([
      {
        measure: 'leaving early, %',
        rows: [
          { name: 'test accuracy', values: [75, 75] },
          { name: 'operations, of the network without exits', values: [50, 50] },
        ],
      },
    ]);
    expect(record).toMatchObject({ seeds: [1, 2], seconds: 12, settings: { data: 'mnist', epochs: 6 } });
  });
});
